package io.loom.control.dataplane;

import io.loom.api.Endpoint;
import io.loom.api.Protocol;

/** Identity of a listener. Printed as {@code tcp 10.0.0.1:80}. */
public record ListenerKey(Protocol protocol, Endpoint endpoint) implements Comparable<ListenerKey> {
    @Override
    public int compareTo(ListenerKey other) {
        int endpoints = endpoint.compareTo(other.endpoint);
        return endpoints != 0 ? endpoints : protocol.compareTo(other.protocol);
    }

    @Override
    public String toString() {
        return protocol.name().toLowerCase(java.util.Locale.ROOT) + " " + endpoint;
    }
}
