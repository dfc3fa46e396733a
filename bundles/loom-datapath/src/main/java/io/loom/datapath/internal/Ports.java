package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.control.Telemetry.PortUse;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.SlottedMethod;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The ports that a method such as nat gives to connections: how many of them are in use towards each backend, and the warnings that
 * this is nearly all, or that there are fewer than connections are wanted. A connection's entry names the port that it has.
 */
final class Ports {
    /** Where this many percent of a backend's ports are in use again, the warning ends. */
    private static final int ENOUGH_PERCENT = 70;
    private static final int NAMED = 8;
    /** What ebpf.maps.connections.max_entries is where the operator has not chosen. */
    private static final int DEFAULT_CONNECTIONS = 262_144;
    private static final String FIX = "name more addresses in ebpf.xdp.nat.source_addresses: each brings as many ports again";

    private final Set<Endpoint> scarce = new HashSet<>();
    private volatile Count last = new Count(new Ways(List.of(), Map.of()), Map.of());

    /** @param used where any are in use */
    private record Count(Ways ways, Map<Endpoint, PortUse> used) {}

    /** Backends that a method with ports leads to, and how many there are towards each: mostly the same from count to count. */
    private static final class Ways {
        final List<SlottedMethod> methods;
        final Map<Integer, BackendKey> backends;
        final SortedMap<Endpoint, Long> most = new TreeMap<>();
        final long together;
        private final Map<String, Map<Family, Long>> capacities = new HashMap<>();

        Ways(List<SlottedMethod> methods, Map<Integer, BackendKey> backends) {
            this.methods = methods;
            this.backends = backends;
            methods.forEach(method -> capacities.put(method.name(), Stream.of(Family.values())
                    .collect(Collectors.toMap(family -> family, method.description()::capacity))));
            // An address and port in several upstreams has a number in each, and its ports once.
            backends.values().stream().filter(key -> capacity(key) > 0).forEach(key -> most.put(key.endpoint(), capacity(key)));
            this.together = most.values().stream().mapToLong(Long::longValue).sum();
        }

        long capacity(BackendKey key) {
            return capacities.getOrDefault(key.method(), Map.of()).getOrDefault(key.endpoint().family(), 0L);
        }
    }

    List<PortUse> uses() {
        Count count = last;
        return count.ways().most.entrySet().stream()
                .map(way -> count.used().getOrDefault(way.getKey(), new PortUse(way.getKey(), 0, way.getValue()))).toList();
    }

    /**
     * Takes over what a sweep has found.
     *
     * @param methods   in the running program
     * @param backends  by number; the same object as long as they are the same
     * @param listeners their numbers
     */
    void counted(
            Collection<SlottedMethod> methods, Map<Integer, BackendKey> backends, Map<ListenerKey, Integer> listeners,
            Sweep.Result sweep) {
        Ways ways = last.ways();
        if (backends != ways.backends || !List.copyOf(methods).equals(ways.methods)) {
            ways = new Ways(List.copyOf(methods), backends);
        }
        Map<Endpoint, PortUse> found = sweep.byPort().isEmpty() ? Map.of() : used(ways, listeners, sweep.byPort());
        judge(found);
        last = new Count(ways, found);
    }

    private static Map<Endpoint, PortUse> used(
            Ways ways, Map<ListenerKey, Integer> listeners, Map<Integer, Map<Integer, Long>> byPort) {
        Map<Integer, Protocol> protocols = new HashMap<>();
        listeners.forEach((listener, number) -> protocols.put(number, listener.protocol()));
        Map<Endpoint, Map<Protocol, Long>> sums = new HashMap<>();
        byPort.forEach((number, byListener) -> {
            BackendKey key = ways.backends.get(number);
            if (key != null && ways.capacity(key) > 0) {
                add(sums.computeIfAbsent(key.endpoint(), endpoint -> new EnumMap<>(Protocol.class)), byListener, protocols);
            }
        });
        Map<Endpoint, PortUse> found = new HashMap<>();
        sums.forEach((endpoint, sum) -> found.put(endpoint, use(endpoint, sum.values(), ways.most.get(endpoint))));
        return found;
    }

    /** Each protocol has the ports to itself. A listener that is gone is of none that can be told: it counts as one of TCP. */
    private static void add(Map<Protocol, Long> sums, Map<Integer, Long> byListener, Map<Integer, Protocol> protocols) {
        byListener.forEach((listener, count) ->
                sums.merge(protocols.getOrDefault(listener, Protocol.TCP), count, Long::sum));
    }

    /** Of connections that have closed more may be remembered than there are ports. */
    private static PortUse use(Endpoint endpoint, Collection<Long> sums, long max) {
        long used = sums.stream().mapToLong(Long::longValue).max().orElse(0);
        return new PortUse(endpoint, Math.min(used, max), max);
    }

    private synchronized void judge(Map<Endpoint, PortUse> found) {
        scarce.removeIf(backend -> {
            PortUse use = found.get(backend);
            return use == null || use.used() * 100 < use.max() * ENOUGH_PERCENT;
        });
        found.values().stream().filter(PortUse::nearlyAll).forEach(use -> scarce.add(use.backend()));
    }

    /** @param connections that the table has been made for */
    synchronized List<Problem> problems(int connections) {
        List<Problem> problems = new ArrayList<>();
        if (!scarce.isEmpty()) {
            String towards = Problem.few(scarce.stream().sorted().toList(), scarce.size(), NAMED);
            problems.add(Problem.of("LOOM-1260", "the ports towards " + towards + " are nearly all in use",
                    "a connection needs one of its own, also for some time after it has ended; new ones may have to wait, or are "
                            + "dropped as ports_exhausted", FIX));
        }
        Ways ways = last.ways();
        long together = ways.together;
        if (!ways.most.isEmpty() && connections != DEFAULT_CONNECTIONS && together < connections) {
            problems.add(Problem.of("LOOM-1261", "of the " + connections + " connections of ebpf.maps.connections.max_entries at "
                    + "most " + together + " of a protocol can lead to the backends", "nat has " + ways.most.get(ways.most.firstKey())
                    + " ports towards each, over all of its addresses", FIX));
        }
        return problems;
    }
}
