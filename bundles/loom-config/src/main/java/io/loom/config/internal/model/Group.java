package io.loom.config.internal.model;

import io.loom.api.config.HealthCheck;
import io.loom.api.config.Upstream;
import io.loom.api.config.Upstream.OnDown;
import io.loom.config.internal.Place;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * An upstream as written.
 *
 * @param check  empty: not probed
 * @param probed which of its servers the check covers
 * @param onDown what becomes of connections to one that is down
 */
record Group(String name, Place place, List<ServerEntry> servers, Optional<HealthCheck> check, Predicate<ServerEntry> probed, OnDown onDown) {
    /** The name of {@code ebpf.backends} as an upstream, and of the vip of the flat form. */
    static final String DEFAULT = "default";

    Group {
        servers = List.copyOf(servers);
    }

    boolean isDefault() {
        return name.equals(DEFAULT);
    }

    Group checkedBy(Optional<HealthCheck> other, Predicate<ServerEntry> covered) {
        return new Group(name, place, servers, other, covered, onDown);
    }

    Group onDown(OnDown other) {
        return new Group(name, place, servers, check, probed, other);
    }

    Upstream upstream() {
        List<Upstream.Server> members = servers.stream()
                .map(server -> new Upstream.Server(server.id(), server.endpoint(), server.weight(),
                        check.isPresent() && probed.test(server), server.maxConnections()))
                .toList();
        return new Upstream(name, members, check, onDown);
    }
}
