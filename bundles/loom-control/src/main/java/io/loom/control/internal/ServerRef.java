package io.loom.control.internal;

import io.loom.api.Endpoint;

/** Identity of a backend over reloads and restarts: its group and its address. Printed as {@code default/10.0.0.1:80}. */
record ServerRef(String upstream, Endpoint endpoint) implements Comparable<ServerRef> {
    @Override
    public int compareTo(ServerRef other) {
        int upstreams = upstream.compareTo(other.upstream);
        return upstreams != 0 ? upstreams : endpoint.compareTo(other.endpoint);
    }

    @Override
    public String toString() {
        return upstream + "/" + endpoint;
    }
}
