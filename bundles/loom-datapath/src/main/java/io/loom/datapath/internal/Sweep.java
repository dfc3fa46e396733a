package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.datapath.MethodMaps;
import io.loom.datapath.internal.layout.Affinities;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * One walk over everything that ages: counts live connections, deletes expired entries, and learns which numbers are still
 * referred to and which entries of lookup tables have connections with another backend than theirs. The program itself treats
 * expired entries as absent, so nothing depends on when this runs.
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
     * @param byBackend  unexpired connections, by number of backend
     * @param byListener the same, by number of listener
     * @param byFamily   the same, by address family
     * @param local      of these, connections that the local stack has, which are in {@code byListener} and no backend's
     * @param byPort     those that have a port of Loom's, by number of backend and then of listener
     * @param open       those that count towards limits
     * @param expired    entries that it deleted, those of denied sources too
     * @param idled      connections among these that were idle for too long, by their states
     */
    record Result(
            Map<Integer, Long> byBackend, Map<Integer, Long> byListener, Map<Family, Long> byFamily,
            Map<Integer, Map<Integer, Long>> byPort, long local, OpenConnections open, References references, long expired,
            Map<Integer, Long> idled) {
        static final Result NONE = new Result(
                Map.of(), Map.of(), Map.of(), Map.of(), 0, OpenConnections.NONE, new References(Set.of(), Set.of()), 0, Map.of());

        long active() {
            return local + byBackend.values().stream().mapToLong(Long::longValue).sum();
        }

        long activeOfListener(int listener) {
            return byListener.getOrDefault(listener, 0L);
        }

        long activeOf(int backend) {
            return byBackend.getOrDefault(backend, 0L);
        }
    }

    /**
     * @param timeouts ticks by state, as the running program has them
     * @param affinity ticks until a client's affinity expires
     * @param dissent  is told of every live connection
     * @param open     likewise
     * @param expel    ends the connections of sources that these deny
     */
    Result run(int[] timeouts, int affinity, Dissent dissent, OpenConnections open, SourceRules expel) {
        Map<Integer, Long> byBackend = new HashMap<>();
        Map<Integer, Long> byListener = new HashMap<>();
        Map<Family, Long> byFamily = new EnumMap<>(Family.class);
        Map<Integer, Map<Integer, Long>> byPort = new HashMap<>();
        Map<Integer, Long> idled = new HashMap<>();
        Set<Integer> backends = new HashSet<>();
        Set<Integer> listeners = new HashSet<>();
        long expired = 0;
        int now = clock.tick();
        for (Family family : Family.values()) {
            ConnectionTable table = new ConnectionTable(family, instance.map("loom_conns" + family.version()));
            expired += table.walk((listener, client, rawPort, word) -> {
                if (ConnectionWord.over(word, now, timeouts)) {
                    idled.merge(ConnectionWord.state(word), 1L, Long::sum);
                    return 0;
                }
                if (expel.denies(client)) {
                    return 0;
                }
                backends.add(ConnectionWord.backend(word));
                listeners.add(listener);
                if (!ConnectionWord.expired(word, now, timeouts)) {
                    byBackend.merge(ConnectionWord.backend(word), 1L, Long::sum);
                    byListener.merge(listener, 1L, Long::sum);
                    byFamily.merge(family, 1L, Long::sum);
                    if (ConnectionWord.cookie(word) != 0) {
                        byPort.computeIfAbsent(ConnectionWord.backend(word), backend -> new HashMap<>()).merge(listener, 1L, Long::sum);
                    }
                }
                dissent.see(listener, client, rawPort, word);
                open.see(listener, word);
                return word;
            });
            expired += affinities(family, now, affinity, backends);
        }
        for (BpfMap map : instance.maps().values()) {
            if (MethodMaps.ages(map.name(), map.type())) {
                expired += delete(map, value -> ConnectionWord.over(ConnectionWord.head(value), now, timeouts));
            }
        }
        Long local = byBackend.remove(TableEntry.LOCAL);
        backends.remove(TableEntry.LOCAL);
        return new Result(byBackend, byListener, byFamily, byPort, local == null ? 0 : local, open,
                new References(backends, listeners), expired, idled);
    }

    private long affinities(Family family, int now, int timeout, Set<Integer> backends) {
        return delete(instance.map("loom_affinity" + family.version()), value -> {
            boolean expired = Affinities.expired(value, now, timeout);
            if (!expired) {
                backends.add(Affinities.backend(value));
            }
            return expired;
        });
    }

    /** Looks again just before each deletion: what was seen since keeps its entry. */
    private static long delete(BpfMap map, Predicate<byte[]> isExpired) {
        List<byte[]> expired = new ArrayList<>();
        map.forEach((key, value) -> {
            if (isExpired.test(value)) {
                expired.add(key);
            }
        });
        return expired.stream().filter(key -> map.lookup(key).filter(isExpired).isPresent()).filter(map::delete).count();
    }
}
