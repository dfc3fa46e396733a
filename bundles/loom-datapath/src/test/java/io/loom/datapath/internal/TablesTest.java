package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.nat;
import static io.loom.datapath.internal.TestHost.tcp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.config.Admission.Course;
import io.loom.api.control.Telemetry.BackendCount;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import io.loom.control.dataplane.Tracking;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What entries of lookup tables say of connections that have another backend than theirs. */
class TablesTest extends DataPlaneFixture {
    private static final int XDP_DROP = 1;
    private static final int XDP_TX = 3; // a reset
    private static final int XDP_REDIRECT = 4;
    private static final int PORT = 50000;
    private static final ListenerKey LISTENER = tcp("10.9.9.9", 80);
    private static final int[] CLIENT = {0x6300010a};
    private static final int POSITION = FlowHash.position(new FlowHash(LISTENER).of(CLIENT, PORT), 1009);

    private void put(TableKey table, boolean affinity, Guard guard) {
        plane.apply(new Change.PutListener(LISTENER, new ListenerSpec(table, true, Tracking.FULL, false, affinity, false, guard)));
    }

    /** What was decided by a limit is not what the table says, so packets must be looked for before they go by the table alone. */
    @Test
    void entriesAreInDoubtWhenTheirListenerIsGuardedNoMore() throws Exception {
        balance(plane);
        put(TABLE, false, new Guard(Course.BALANCE, false, 1, false));
        assertTrue(settled(0));
        put(TABLE, false, Guard.NONE);
        assertFalse(settled(0));
    }

    /** Nor is what was decided by an earlier connection of the client. */
    @Test
    void entriesAreInDoubtWhenClientsAreRememberedNoMore() throws Exception {
        balance(plane);
        put(TABLE, true, Guard.NONE);
        assertTrue(settled(0));
        put(TABLE, false, Guard.NONE);
        assertFalse(settled(0));
    }

    @Test
    void entriesAreInDoubtWhenAListenerComesBackBeforeItsConnectionsHaveEnded() throws Exception {
        balance(plane);
        runSyn();
        plane.apply(new Change.RemoveListener(LISTENER));
        put(TABLE, false, Guard.NONE);
        assertFalse(settled(0));
    }

    @Test
    void entriesOfATableThatAListenerChangesToAreInDoubt() throws Exception {
        balance(plane);
        TableKey renamed = new TableKey("shop", Family.IPV4);
        put(new Change.PutTable(renamed, spec(Map.of(nat(FIRST), 50, nat(SECOND), 100))));
        assertTrue(settled(1));
        put(renamed, false, Guard.NONE);
        assertFalse(settled(1));
        assertEquals(renamed, plane.applied().listeners().get(LISTENER).table());
    }

    @Test
    void entriesAreNotInDoubtWhenAListenerIsNewOrChangesInAnotherWay() throws Exception {
        balance(plane);
        assertTrue(settled(0));
        put(TABLE, false, new Guard(Course.BALANCE, false, 1, false));
        put(TABLE, true, new Guard(Course.BALANCE, false, 2, false));
        assertTrue(settled(0));
    }

    /** Its connections are in no table, so nothing else knows of them. */
    @Test
    void underMinimalTrackingTheLastBackendKeepsItsConnectionsWhenItDrains() throws Exception {
        BackendKey first = new BackendKey("default", FIRST, "ipip");
        BackendKey second = new BackendKey("default", SECOND, "ipip");
        plane.resolve(Set.of(first, second));
        await("next hops", () -> plane.unresolved().isEmpty());
        plane.apply(new Change.PutBackend(first, false, false));
        put(new Change.PutTable(TABLE, spec(Map.of(first, 100))));
        plane.apply(new Change.PutListener(LISTENER, new ListenerSpec(TABLE, true, Tracking.MINIMAL, false, false, true)));
        assertEquals(XDP_REDIRECT, runSyn(PORT).result());
        assertEquals(XDP_REDIRECT, runAck(PORT).result());
        assertEquals(0, plane.read().connectionsCreated(), "none is tracked");

        put(new Change.PutTable(TABLE, spec(Map.of())));
        plane.apply(new Change.PutBackend(first, false, true));
        assertEquals(XDP_TX, runSyn(PORT + 1).result());
        assertEquals(XDP_REDIRECT, runAck(PORT).result());

        plane.apply(new Change.PutBackend(second, false, false));
        put(new Change.PutTable(TABLE, new TableSpec("maglev", 2003, new TreeMap<>(Map.of(second, 100)))));
        assertEquals(XDP_REDIRECT, runSyn(PORT + 2).result());
        assertEquals(XDP_REDIRECT, runAck(PORT).result());
        await("a sweep", () -> plane.read().connectionsActive() == 2);
        assertEquals(List.of(1L, 1L), plane.read().backends().stream().map(BackendCount::active).toList(), "the old one and the new one");
    }

    @Test
    void aTableThatHasLostItsLastBackendStaysAndGetsTheNextOne() throws Exception {
        balance(plane);
        int[] before = entries(0);
        put(new Change.PutTable(TABLE, spec(Map.of())));
        assertEquals(XDP_TX, runSyn().result());
        put(new Change.PutTable(TABLE, spec(Map.of(nat(SECOND), 50))));
        assertEquals(XDP_REDIRECT, runSyn().result());
        int[] after = entries(0);
        for (int position = 0; position < before.length; position++) {
            assertEquals(TableEntry.changing(2, TableEntry.current(before[position])), after[position]);
        }
    }

    /** The former upstream's backend is alive and well, for others' vips. */
    @Test
    void clientsAreRememberedAnewWhenTheVipGoesToAnotherUpstream() throws Exception {
        balance(plane);
        put(TABLE, true, Guard.NONE);
        put(new Change.PutTable(TABLE, spec(Map.of(nat(FIRST), 100))));
        runSyn(PORT);
        put(new Change.PutTable(TABLE, spec(Map.of(nat(FIRST), 100, nat(SECOND), 100))));
        runSyn(PORT + 1);
        assertEquals(2, connections(FIRST), "affinity");
        BackendKey other = new BackendKey("shop", SECOND, "nat");
        plane.apply(new Change.PutBackend(other, false, false));
        put(new Change.PutTable(TABLE, spec(Map.of(other, 100))));
        runSyn(PORT + 2);
        assertEquals(2, connections(FIRST));
        assertEquals(1, connections(SECOND));
    }

    /** Both are in one flush, and only the table that is new needs an array. */
    @Test
    void clientsAreRememberedAnewAlsoIfAnotherTableCannotBePublishedAtOnce() throws Exception {
        balance(plane);
        put(TABLE, true, Guard.NONE);
        put(new Change.PutTable(TABLE, spec(Map.of(nat(FIRST), 100))));
        runSyn(PORT);
        BackendKey other = new BackendKey("shop", SECOND, "nat");
        plane.apply(new Change.PutBackend(other, false, false));
        Path inTheWay = Files.createDirectories(ROOT.resolve("tables/1_next/full"));
        build(new Change.PutTable(TABLE, spec(Map.of(other, 100))));
        build(new Change.PutTable(new TableKey("shop", Family.IPV4), spec(Map.of(nat(FIRST), 100))));
        assertThrows(UncheckedIOException.class, plane::flush);
        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());
        plane.flush();
        runSyn(PORT + 1);
        assertEquals(1, connections(SECOND));
    }

    private long connections(Endpoint backend) {
        return plane.read().backends().stream().filter(count -> count.endpoint().equals(backend)).mapToLong(BackendCount::connections).sum();
    }

    /** Guarded or not, and whatever it was before. */
    @Test
    void aListenerWithoutABackendRefusesIfItIsToldTo() throws Exception {
        balance(plane);
        put(new Change.PutTable(TABLE, spec(Map.of())));
        for (Guard guard : List.of(Guard.NONE, new Guard(Course.BALANCE, false, 1, false), Guard.NONE)) {
            for (boolean refuses : List.of(false, true)) {
                ListenerSpec spec = new ListenerSpec(TABLE, true, Tracking.FULL, false, false, false, guard, refuses);
                plane.apply(new Change.PutListener(LISTENER, spec));
                assertEquals(refuses ? XDP_TX : XDP_DROP, runSyn().result());
                assertEquals(spec, plane.applied().listeners().get(LISTENER));
            }
        }
    }

    /** A datagram may be a flow's first, but does not say so: new ones must not go where those of before the change do for ever. */
    @Test
    void entriesThatConnectionsDisagreeWithForgetTheBackendBeforeInTime() {
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_tables")); Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            Tables tables = new Tables(new TableContent(map, ROOT.resolve("tables")), meta);
            put(tables, 1);
            put(tables, 2);
            settle(tables, List.of(1), Long.MAX_VALUE);
            assertEquals(TableEntry.changing(2, 1), entries(0)[POSITION], "one that is not tracked may live");
            settle(tables, List.of(1), -1);
            assertEquals(TableEntry.changing(2, 2), entries(0)[POSITION]);
            assertEquals(TableEntry.settled(2), entries(0)[POSITION + 1]);
            put(tables, 3);
            assertEquals(TableEntry.changing(3, 2), entries(0)[POSITION]);
            assertEquals(TableEntry.changing(3, 2), entries(0)[POSITION + 1]);
            settle(tables, List.of(3), -1);
            assertTrue(settled(0));
        }
    }

    /** Whoever becomes something else takes along what it had; the others stay, and who comes later joins them. */
    @Test
    void tablesOfOneSpecShareAnArrayUntilOneBecomesAnother() {
        TableKey shop = new TableKey("shop", Family.IPV4);
        TableKey late = new TableKey("late", Family.IPV4);
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_tables")); Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            Tables tables = new Tables(new TableContent(map, ROOT.resolve("tables")), meta);
            TableSpec spec = spec(Map.of());
            put(tables, List.of(TABLE, shop), spec, 1);
            assertEquals(List.of(), tables.join(List.of(late), spec));
            assertEquals(List.of(late), tables.join(List.of(late), spec(Map.of())), "it is there, as another spec");
            assertEquals(Set.of(TABLE, shop, late), tables.users(0));

            put(tables, List.of(shop), spec(Map.of()), 2);
            assertEquals(Set.of(shop), tables.users(1));
            assertEquals(TableEntry.changing(2, 1), entries(1)[POSITION]);
            assertEquals(TableEntry.settled(1), entries(0)[POSITION]);

            put(tables, List.of(TABLE, late), spec(Map.of()), 3);
            assertEquals(Set.of(TABLE, late), tables.users(0));
            assertEquals(TableEntry.changing(3, 1), entries(0)[POSITION]);

            tables.remove(TABLE);
            assertEquals(Set.of(), tables.retired());
            tables.remove(late);
            assertEquals(Set.of(0), tables.retired());
        }
    }

    @Test
    void entriesThatTablesShareAreInDoubtForEachOfThemButNotByAListenerThatGoesFromOneToTheOther() throws Exception {
        balance(plane);
        TableKey shop = new TableKey("shop", Family.IPV4);
        put(new Change.PutTable(shop, plane.applied().tables().get(TABLE)));
        put(shop, false, Guard.NONE);
        assertTrue(settled(0));
        assertEquals(shop, plane.applied().listeners().get(LISTENER).table());
        plane.apply(new Change.RemoveListener(LISTENER));
        put(shop, false, Guard.NONE);
        assertFalse(settled(0));
        assertEquals(1, PinTree.pins(ROOT.resolve("tables")).size());
    }

    /** Listeners that cannot follow are asked again, and hold up no others. */
    @Test
    void anArrayStaysUntilTheListenersOfItsTableHaveFollowed() {
        TableKey shop = new TableKey("shop", Family.IPV4);
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_tables")); Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            Tables tables = new Tables(new TableContent(map, ROOT.resolve("tables")), meta);
            put(tables, List.of(shop), spec(Map.of()), 1);
            put(tables, List.of(TABLE), spec(Map.of()), 1);
            for (TableKey key : List.of(shop, TABLE)) {
                tables.put(List.of(key), spec(Map.of()), LookupTable.Index.COUNTER, new int[1009]);
            }
            assertThrows(IllegalStateException.class, () -> tables.flush(key -> refuse(key, shop)));
            assertEquals(Set.of(1), tables.retired());
            tables.put(List.of(shop), spec(Map.of()), LookupTable.Index.FLOW_HASH, new int[1009]);
            assertThrows(IllegalStateException.class, () -> tables.flush(key -> refuse(key, shop)));
            assertEquals(Set.of(1), tables.retired());
            List<TableKey> followed = new ArrayList<>();
            tables.flush(followed::add);
            tables.flush(followed::add);
            assertEquals(List.of(shop), followed);
            assertEquals(Set.of(0, 1, 2), tables.retired());
        }
    }

    private static void refuse(TableKey key, TableKey refused) {
        if (key.equals(refused)) {
            throw new IllegalStateException("its listeners cannot follow");
        }
    }

    /** A thousand vips are published as these are. */
    @Test
    void manyTablesComeTogether() {
        TableSpec shared = spec(Map.of());
        List<TableKey> alike = IntStream.range(0, 300).mapToObj(i -> new TableKey("alike" + i, Family.IPV4)).toList();
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_tables")); Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            Tables tables = new Tables(new TableContent(map, ROOT.resolve("tables")), meta);
            put(tables, alike, shared, 1);
            int[] backends = new int[1009];
            for (int i = 1; i <= 300; i++) {
                Arrays.fill(backends, i);
                tables.put(List.of(new TableKey("own" + i, Family.IPV6)), spec(Map.of()), LookupTable.Index.FLOW_HASH, backends);
            }
            tables.flush(moved -> {});
            assertEquals(301, PinTree.pins(ROOT.resolve("tables")).size());
            assertEquals(600, tables.specs().size());
            for (int i = 1; i <= 300; i++) {
                assertEquals(TableEntry.settled(i), entries(i)[POSITION]);
            }
        }
    }

    private static void put(Tables tables, int backend) {
        put(tables, List.of(TABLE), spec(Map.of()), backend);
    }

    private static void put(Tables tables, List<TableKey> keys, TableSpec spec, int backend) {
        int[] backends = new int[1009];
        Arrays.fill(backends, backend);
        tables.put(keys, spec, LookupTable.Index.FLOW_HASH, backends);
        tables.flush(moved -> {});
    }

    /** As a sweep does that finds connections of one client port with these backends. */
    private static void settle(Tables tables, List<Integer> backends, long patience) {
        Map<Integer, Published> changing = tables.changing();
        int number = tables.get(TABLE).orElseThrow().number();
        int[] entries = changing.get(number).entries();
        Dissent dissent = new Dissent(Map.of(0, new Dissent.View(0, new FlowHash(LISTENER), entries)));
        backends.forEach(backend ->
                dissent.see(0, CLIENT, PORT, new ConnectionWord(backend, true, 1, 0, 0, 0).encode()));
        tables.settle(changing, dissent, Map.of(number, patience));
    }
}
