package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.control.Telemetry.PortUse;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.SelfTest;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.SlottedMethod;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PortsTest {
    private static final int DEFAULT = 262_144;
    private static final List<SlottedMethod> METHODS = List.of(
            method(0, "nat", Map.of("nat_capacity4", 1000L, "nat_capacity6", 2000L)), method(1, "ipip", Map.of()));
    private static final Map<ListenerKey, Integer> LISTENERS =
            Map.of(new ListenerKey(Protocol.TCP, at("192.0.2.1")), 7, new ListenerKey(Protocol.UDP, at("192.0.2.1")), 8);
    private static final Map<Integer, BackendKey> BACKENDS = Map.of(
            1, new BackendKey("web", at("198.51.100.1"), "nat"), 2, new BackendKey("web", at("2001:db8::1"), "nat"),
            3, new BackendKey("web", at("198.51.100.1"), "ipip"), 4, new BackendKey("web", at("198.51.100.4"), "gone"),
            5, new BackendKey("other", at("198.51.100.1"), "nat"));

    private final Ports ports = new Ports();

    private static Endpoint at(String address) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), 80);
    }

    private static SlottedMethod method(int slot, String name, Map<String, Long> constants) {
        return new SlottedMethod(slot, new Description(name, false, true, 0, Map.of(Family.IPV4, Set.of(Family.IPV4)),
                constants, List.of(), new SelfTest(Map.of(), List.of())), new byte[0]);
    }

    /** @param used by number of backend, and then of listener */
    private void count(Map<Integer, Map<Integer, Long>> used) {
        ports.counted(METHODS, BACKENDS, LISTENERS, new Sweep.Result(
                Map.of(), Map.of(), Map.of(), used, 0, new OpenConnections(new BitSet()), new References(Set.of(), Set.of()), 0, Map.of()));
    }

    private List<String> codes(int connections) {
        return ports.problems(connections).stream().map(Problem::code).toList();
    }

    @Test
    void eachBackendOfAMethodWithALimitHasItsOwnPortsOfEachProtocol() {
        count(Map.of(1, Map.of(7, 300L, 8, 500L, 99, 100L), 5, Map.of(7, 50L, 8, 10L), 3, Map.of(7, 10L), 4, Map.of(7, 11L)));
        assertEquals(List.of(new PortUse(at("198.51.100.1"), 510, 1000), new PortUse(at("2001:db8::1"), 0, 2000)),
                ports.uses());
    }

    /** Of connections that have closed more are remembered than there are ports. */
    @Test
    void noMorePortsAreUsedThanThereAre() {
        count(Map.of(1, Map.of(7, 5000L)));
        assertEquals(1000, ports.uses().get(0).used());
    }

    @Test
    void theWarningComesAtEightyPercentAndGoesBelowSeventy() {
        long[] used = {799, 800, 700, 699, 799};
        List<List<String>> wanted = List.of(List.of(), List.of("LOOM-1260"), List.of("LOOM-1260"), List.of(), List.of());
        for (int i = 0; i < used.length; i++) {
            count(Map.of(1, Map.of(7, used[i])));
            assertEquals(wanted.get(i), codes(DEFAULT), used[i] + " of 1000");
        }
    }

    @Test
    void theWarningNamesTheBackendsAndWhatToDo() {
        count(Map.of(1, Map.of(7, 900L), 2, Map.of(7, 100L)));
        String text = ports.problems(DEFAULT).get(0).text();
        assertEquals(true, text.contains("198.51.100.1:80 are") && text.contains("source_addresses"), text);
        assertEquals(false, text.contains("2001:db8"), text);
    }

    @Test
    void aBackendThatIsGoneIsNoLongerWarnedOf() {
        count(Map.of(1, Map.of(7, 1000L)));
        ports.counted(METHODS, Map.of(), LISTENERS, Sweep.Result.NONE);
        assertEquals(List.of(), codes(DEFAULT));
        assertEquals(List.of(), ports.uses());
    }

    /** What nobody has chosen need not be reached. */
    @Test
    void fewerPortsThanConnectionsThatWereAskedForAreToldOfAtOnce() {
        count(Map.of());
        assertEquals(List.of("LOOM-1261"), codes(3001));
        assertEquals(List.of(), codes(3000));
        assertEquals(List.of(), codes(DEFAULT));
        ports.counted(METHODS, Map.of(3, BACKENDS.get(3)), LISTENERS, Sweep.Result.NONE);
        assertEquals(List.of(), codes(3001), "no backend is reached by such a method");
    }

    @Test
    void ofManyBackendsTheFirstAreNamed() {
        Map<Integer, BackendKey> many = new HashMap<>();
        Map<Integer, Map<Integer, Long>> used = new HashMap<>();
        IntStream.rangeClosed(1, 10).forEach(i -> {
            many.put(i, new BackendKey("web", at("198.51.100." + i), "nat"));
            used.put(i, Map.of(7, 1000L));
        });
        ports.counted(METHODS, many, LISTENERS, new Sweep.Result(
                Map.of(), Map.of(), Map.of(), used, 0, new OpenConnections(new BitSet()), new References(Set.of(), Set.of()), 0, Map.of()));
        assertEquals(true, ports.problems(DEFAULT).get(0).text().contains("and 2 more"));
    }
}
