package io.loom.api.config;

import io.loom.api.Endpoint;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A named group of backends. {@code ebpf.backends} is the group {@code default}; a vip's own {@code backends} are a group
 * with the vip's name.
 *
 * @param check how its servers are probed; empty: never, and they count as up
 * @param onDown what becomes of connections to one that is down
 */
public record Upstream(String name, List<Server> servers, Optional<HealthCheck> check, OnDown onDown) {

    /** What becomes of connections whose backend its health check has found down; printed in lower case. */
    public enum OnDown {
        /** Each goes to another backend if that can go on with it; if not, its client gets a reset. */
        MOVE,
        /** They stay with it. */
        KEEP
    }

    /** One whose connections leave a server that is down. */
    public Upstream(String name, List<Server> servers, Optional<HealthCheck> check) {
        this(name, servers, check, OnDown.MOVE);
    }

    /**
     * @param id     explicit {@code id} of the file; empty: assigned by Loom, lowest free from 1
     * @param weight share of new connections; 0 drains
     * @param probed false: not covered by the group's check
     * @param maxConnections open at a time; 0: no limit
     */
    public record Server(OptionalInt id, Endpoint endpoint, int weight, boolean probed, int maxConnections) {
        /** One without a limit. */
        public Server(OptionalInt id, Endpoint endpoint, int weight, boolean probed) {
            this(id, endpoint, weight, probed, 0);
        }
    }

    public Upstream {
        servers = List.copyOf(servers);
    }
}
