package io.loom.control.internal;

import io.loom.api.Endpoint;

/** Identity of a backend over reloads and restarts: its group and its address. Printed as {@code default/10.0.0.1:80}. */
record ServerRef(String upstream, Endpoint endpoint) implements Comparable<ServerRef> {
    @Override
    public int compareTo(ServerRef other) {
        // Most often it is one and the same string, which equals() sees at once.
        return upstream.equals(other.upstream) ? endpoint.compareTo(other.endpoint) : upstream.compareTo(other.upstream);
    }

    @Override
    public String toString() {
        return upstream + "/" + endpoint;
    }
}
