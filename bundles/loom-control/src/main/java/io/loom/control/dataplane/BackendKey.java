package io.loom.control.dataplane;

import io.loom.api.Endpoint;
import java.nio.charset.StandardCharsets;

/**
 * Identity of a backend in the kernel, which has a number and a state of its own: a server as a member of one upstream, by one
 * forwarding method. Whoever is in two upstreams may be down, drained or full in one of them alone (docs/adr/0026).
 * A value; no record, as it remembers its hash: a change looks up each of thousands some ten times.
 */
public final class BackendKey implements Comparable<BackendKey> {
    private static final long FNV_BASIS = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final Server server;
    private final String method;
    private final int hash;

    public BackendKey(Server server, String method) {
        this.server = server;
        this.method = method;
        this.hash = 31 * server.hashCode() + method.hashCode();
    }

    /** @param group names the upstream, see {@link #group} */
    public BackendKey(long group, Endpoint endpoint, String method) {
        this(new Server(group, endpoint), method);
    }

    public BackendKey(String upstream, Endpoint endpoint, String method) {
        this(group(upstream), endpoint, method);
    }

    /** What the kernel remembers of an upstream's name: FNV-1a in 64 bits, the same in every process. */
    public static long group(String upstream) {
        long hash = FNV_BASIS;
        for (byte one : upstream.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ Byte.toUnsignedLong(one)) * FNV_PRIME;
        }
        return hash;
    }

    /** A member of an upstream, however it is reached. A value that remembers its hash, as a key does. */
    public static final class Server {
        private final long group;
        private final Endpoint endpoint;
        private final int hash;

        public Server(long group, Endpoint endpoint) {
            this.group = group;
            this.endpoint = endpoint;
            this.hash = 31 * Long.hashCode(group) + endpoint.hashCode();
        }

        public long group() {
            return group;
        }

        public Endpoint endpoint() {
            return endpoint;
        }

        @Override
        public boolean equals(Object object) {
            return this == object || object instanceof Server other && hash == other.hash && group == other.group
                    && endpoint.equals(other.endpoint);
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public String toString() {
            return group + " " + endpoint;
        }
    }

    public Server server() {
        return server;
    }

    public long group() {
        return server.group();
    }

    public Endpoint endpoint() {
        return server.endpoint();
    }

    public String method() {
        return method;
    }

    @Override
    public boolean equals(Object object) {
        return this == object || object instanceof BackendKey other && hash == other.hash && server.equals(other.server)
                && method.equals(other.method);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public int compareTo(BackendKey other) {
        // Most often it is one and the same string, which equals() sees at once.
        int methods = method.equals(other.method) ? 0 : method.compareTo(other.method);
        int endpoints = methods != 0 ? methods : endpoint().compareTo(other.endpoint());
        return endpoints != 0 ? endpoints : Long.compare(group(), other.group());
    }

    @Override
    public String toString() {
        return method + " " + endpoint();
    }
}
