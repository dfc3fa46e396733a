package io.loom.control.internal;

import io.loom.api.Endpoint;

/** Identity of a backend over reloads and restarts: its group and its address. Printed as {@code default/10.0.0.1:80}. */
record ServerRef(String upstream, Endpoint endpoint) implements Comparable<ServerRef> {
    /** What a record has by itself is several times slower, and thousands are looked up at each change. */
    @Override
    public boolean equals(Object object) {
        return object instanceof ServerRef other && endpoint.equals(other.endpoint) && upstream.equals(other.upstream);
    }

    @Override
    public int hashCode() {
        return 31 * upstream.hashCode() + endpoint.hashCode();
    }

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
