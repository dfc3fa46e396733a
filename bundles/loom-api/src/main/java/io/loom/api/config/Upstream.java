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
 */
public record Upstream(String name, List<Server> servers, Optional<HealthCheck> check) {

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
