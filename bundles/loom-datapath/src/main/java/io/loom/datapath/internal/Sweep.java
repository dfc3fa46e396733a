package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.datapath.MethodMaps;
import io.loom.datapath.internal.layout.Age;
import io.loom.datapath.internal.layout.Connection;
import io.loom.datapath.internal.layout.ConnectionKeys;
import io.loom.libbpf.BpfMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One walk over everything that ages: counts live connections, deletes expired entries, and learns which numbers are still
 * referred to. The program itself treats expired entries as absent, so nothing depends on when this runs.
 */
final class Sweep {
    private final Instance instance;
    private final KernelClock clock;

    Sweep(Instance instance, KernelClock clock) {
        this.instance = instance;
        this.clock = clock;
    }

    /**
     * What a sweep found.
     *
     * @param active    unexpired connections
     * @param byBackend of them, by number of backend
     * @param expired   entries that it deleted
     */
    record Result(long active, Map<Integer, Long> byBackend, References references, long expired) {
        static final Result NONE = new Result(0, Map.of(), new References(Set.of(), Set.of()), 0);

        long activeOf(int backend) {
            return byBackend.getOrDefault(backend, 0L);
        }
    }

    /** @param timeouts jiffies by state, as the running program has them */
    Result run(int[] timeouts) {
        Map<Integer, Long> byBackend = new HashMap<>();
        Set<Integer> listeners = new HashSet<>();
        long expired = 0;
        for (Family family : Family.values()) {
            expired += connections(family, timeouts, byBackend, listeners);
        }
        for (BpfMap map : instance.maps().values()) {
            if (MethodMaps.ages(map.name(), map.type())) {
                expired += deleteExpired(map, timeouts);
            }
        }
        long active = byBackend.values().stream().mapToLong(Long::longValue).sum();
        return new Result(active, byBackend, new References(byBackend.keySet(), listeners), expired);
    }

    private long connections(Family family, int[] timeouts, Map<Integer, Long> byBackend, Set<Integer> listeners) {
        BpfMap map = instance.map("loom_conns" + family.version());
        int now = clock.now();
        List<byte[]> expired = new ArrayList<>();
        map.forEach((key, value) -> {
            Connection connection = Connection.decode(value);
            if (isExpired(connection.age(), now, timeouts)) {
                expired.add(key);
            } else {
                byBackend.merge(connection.backend(), 1L, Long::sum);
                listeners.add(ConnectionKeys.listener(family, key));
            }
        });
        return delete(map, expired, timeouts);
    }

    private long deleteExpired(BpfMap map, int[] timeouts) {
        int now = clock.now();
        List<byte[]> expired = new ArrayList<>();
        map.forEach((key, value) -> {
            if (isExpired(Age.decode(value), now, timeouts)) {
                expired.add(key);
            }
        });
        return delete(map, expired, timeouts);
    }

    /** A packet that was counted while the walk went on has a time after {@code now}: it is not expired. */
    private static boolean isExpired(Age age, int now, int[] timeouts) {
        return age.seen() - now <= 0 && age.expired(now, timeouts);
    }

    /** Looks again just before each deletion: a flow that came back since keeps its entry. */
    private long delete(BpfMap map, List<byte[]> keys, int[] timeouts) {
        if (keys.isEmpty()) {
            return 0;
        }
        int now = clock.now();
        return keys.stream()
                .filter(key -> map.lookup(key).filter(value -> isExpired(Age.decode(value), now, timeouts)).isPresent())
                .filter(map::delete)
                .count();
    }
}
