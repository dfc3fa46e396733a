package io.loom.datapath.internal;

import io.loom.api.Endpoint;
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
import java.util.TreeMap;
import java.util.stream.Collectors;

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
    private volatile List<PortUse> uses = List.of();

    List<PortUse> uses() {
        return uses;
    }

    /**
     * Takes over what a sweep has found.
     *
     * @param methods   in the running program
     * @param backends  by number
     * @param listeners their numbers
     */
    void counted(
            Collection<SlottedMethod> methods, Map<Integer, BackendKey> backends, Map<ListenerKey, Integer> listeners,
            Sweep.Result sweep) {
        Map<String, SlottedMethod> byName = methods.stream().collect(Collectors.toMap(SlottedMethod::name, method -> method));
        Map<Integer, Protocol> protocols = new HashMap<>();
        listeners.forEach((listener, number) -> protocols.put(number, listener.protocol()));
        // An address and port in several upstreams has a number in each, and its ports once.
        Map<Endpoint, Map<Protocol, Long>> used = new TreeMap<>();
        Map<Endpoint, Long> most = new HashMap<>();
        backends.forEach((number, key) -> {
            long max = capacity(byName, key);
            if (max > 0) {
                most.put(key.endpoint(), max);
                add(used.computeIfAbsent(key.endpoint(), endpoint -> new EnumMap<>(Protocol.class)),
                        sweep.byPort().getOrDefault(number, Map.of()), protocols);
            }
        });
        Map<Endpoint, PortUse> found = new TreeMap<>();
        used.forEach((endpoint, sums) -> found.put(endpoint, use(endpoint, sums.values(), most.get(endpoint))));
        judge(found);
        uses = List.copyOf(found.values());
    }

    private static long capacity(Map<String, SlottedMethod> methods, BackendKey key) {
        SlottedMethod method = methods.get(key.method());
        return method == null ? 0 : method.description().capacity(key.endpoint().family());
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
            problems.add(Problem.of("LOOM-1260", "the ports towards " + named(scarce) + " are nearly all in use",
                    "a connection needs one of its own, also for some time after it has ended; new ones may have to wait, or are "
                            + "dropped as ports_exhausted", FIX));
        }
        long together = uses.stream().mapToLong(PortUse::max).sum();
        if (!uses.isEmpty() && connections != DEFAULT_CONNECTIONS && together < connections) {
            problems.add(Problem.of("LOOM-1261", "of the " + connections + " connections of ebpf.maps.connections.max_entries at "
                    + "most " + together + " of a protocol can lead to the backends", "nat has " + uses.get(0).max()
                    + " ports towards each, over all of its addresses", FIX));
        }
        return problems;
    }

    private static String named(Set<Endpoint> backends) {
        String first = backends.stream().sorted().limit(NAMED).map(Endpoint::toString).collect(Collectors.joining(", "));
        return backends.size() <= NAMED ? first : first + " and " + (backends.size() - NAMED) + " more";
    }
}
