package io.loom.control.dataplane;

import io.loom.api.Endpoint;

/** Identity of a backend in the kernel: it has one number for each forwarding method by which it is reached. */
public record BackendKey(Endpoint endpoint, String method) implements Comparable<BackendKey> {
    @Override
    public int compareTo(BackendKey other) {
        // Most often it is one and the same string, which equals() sees at once.
        return method.equals(other.method) ? endpoint.compareTo(other.endpoint) : method.compareTo(other.method);
    }

    @Override
    public String toString() {
        return method + " " + endpoint;
    }
}
