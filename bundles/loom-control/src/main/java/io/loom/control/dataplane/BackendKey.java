package io.loom.control.dataplane;

import io.loom.api.Endpoint;

/** Identity of a backend in the kernel: it has one number for each forwarding method by which it is reached. */
public record BackendKey(Endpoint endpoint, String method) implements Comparable<BackendKey> {
    @Override
    public int compareTo(BackendKey other) {
        int methods = method.compareTo(other.method);
        return methods != 0 ? methods : endpoint.compareTo(other.endpoint);
    }

    @Override
    public String toString() {
        return method + " " + endpoint;
    }
}
