package io.loom.control.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class DiffTest {

    @Test
    void equalStatesNeedNoChange() {
        KernelState state = random(new Random(1));
        assertEquals(List.of(), new Diff().between(state, state));
    }

    @Test
    void everyPrefixOfEveryListPointsOnlyAtWhatExists() {
        Random random = new Random(20261122);
        for (int i = 0; i < 1_000; i++) {
            KernelState from = random(random);
            KernelState to = random(random);
            KernelState state = from;
            for (Change change : new Diff().between(from, to)) {
                state = FakeDataPlane.step(state, change);
            }
            assertEquals(to, state);
        }
    }

    @Test
    void aBackendThatGoesDownLeavesTheTableBeforeItsConnectionsChooseAnew() {
        BackendKey one = Fixtures.key("10.0.0.1", "nat");
        BackendKey two = Fixtures.key("10.0.0.2", "nat");
        TableKey table = new TableKey("web", Family.IPV4);
        KernelState before = new KernelState(Set.of(one, two), Set.of(), Set.of(), Map.of(table, spec(one, two)), Map.of());
        KernelState after = new KernelState(Set.of(one, two), Set.of(two), Set.of(), Map.of(table, spec(one)), Map.of());
        assertEquals(
                List.of(new Change.PutTable(table, spec(one)), new Change.PutBackend(two, true, false)),
                new Diff().between(before, after));
        assertEquals(
                List.of(new Change.PutBackend(two, false, false), new Change.PutTable(table, spec(one, two))),
                new Diff().between(after, before));
    }

    /** So that the data plane knows which may go on sharing an array. */
    @Test
    void tablesThatBecomeOneSpecFromOneSpecAreOneChange() {
        TableSpec before = spec(Fixtures.key("10.0.0.1", "nat"));
        TableSpec other = spec(Fixtures.key("10.0.0.2", "nat"));
        TableSpec after = spec(Fixtures.key("10.0.0.3", "nat"));
        TableKey a = new TableKey("a", Family.IPV4);
        TableKey b = new TableKey("b", Family.IPV4);
        TableKey c = new TableKey("c", Family.IPV4);
        TableKey d = new TableKey("d", Family.IPV4);
        KernelState from = new KernelState(Set.of(), Set.of(), Set.of(), Map.of(a, before, b, other, d, before), Map.of());
        KernelState to = new KernelState(Set.of(), Set.of(), Set.of(), Map.of(a, after, b, after, c, after, d, after), Map.of());
        assertEquals(
                List.of(new Change.PutTable(List.of(a, d), after), new Change.PutTable(b, after), new Change.PutTable(c, after)),
                new Diff().between(from, to));
    }

    private static TableSpec spec(BackendKey... keys) {
        SortedMap<BackendKey, Integer> weights = new TreeMap<>();
        for (BackendKey key : keys) {
            weights.put(key, 100);
        }
        return new TableSpec("maglev", 7, weights);
    }

    private static KernelState random(Random random) {
        Set<BackendKey> backends = new TreeSet<>();
        Set<BackendKey> down = new TreeSet<>();
        Set<BackendKey> draining = new TreeSet<>();
        for (int i = 1; i < 6; i++) {
            BackendKey key = Fixtures.key("10.0.0." + i, random.nextBoolean() ? "nat" : "ipip");
            if (random.nextBoolean()) {
                backends.add(key);
                if (random.nextInt(3) == 0) {
                    down.add(key);
                }
                if (random.nextInt(3) == 0) {
                    draining.add(key);
                }
            }
        }
        List<BackendKey> usable = new ArrayList<>(backends);
        usable.removeAll(down);
        usable.removeAll(draining);
        Map<TableKey, TableSpec> tables = new TreeMap<>();
        Map<ListenerKey, ListenerSpec> listeners = new TreeMap<>();
        for (int i = 0; i < 4; i++) {
            if (random.nextBoolean()) {
                TableKey table = new TableKey("vip" + i, Family.IPV4);
                tables.put(table, spec(usable.stream().filter(key -> random.nextBoolean()).toArray(BackendKey[]::new)));
                Endpoint endpoint = Fixtures.endpoint("10.9.0." + random.nextInt(4));
                listeners.put(new ListenerKey(Protocol.TCP, endpoint), Fixtures.spec(table, random.nextBoolean()));
            }
        }
        return new KernelState(backends, down, draining, tables, listeners);
    }
}
