package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.Verdict;
import io.loom.api.plugin.LookupTable;
import io.loom.api.Protocol;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.GuardEntry;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.datapath.internal.layout.VerdictCount;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Limits of connections beyond what a row can say: several backends, full tables, guards that come and go. */
class AdmissionIT {
    @RegisterExtension
    private static final Planes PLANES = new Planes();
    private static final Frames FRAMES = new Frames();
    private static final int FIRST_PORT = 40000;
    private static final int PORTS = 8;

    /** The vip of {@link Balancer} with two backends by ipip, guarded. */
    private static final class Guarded implements AutoCloseable {
        final Family family;
        final ScratchPlane plane;
        final Admission admission;
        private IntSupplier clock = Clock::tick;

        Guarded(Family family, LookupTable.Index index, int... backends) {
            this.family = family;
            plane = PLANES.lend(Linked.shipped(), Linked.ONE_PORT);
            admission = new Admission(plane, () -> clock.getAsInt());
            TwoBackends.put(plane, family);
            plane.putTable(0, Arrays.stream(backends).map(TableEntry::settled).toArray());
            listener(index, backends.length, Set.of(ListenerEntry.Flag.GUARDED));
        }

        void listener(LookupTable.Index index, int size, Set<ListenerEntry.Flag> flags) {
            plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)), new ListenerEntry(0, index, flags, 0, size, 0));
        }

        /** The backend that a packet went to; 0: none. */
        int reached(String flags, int client) {
            return TwoBackends.reached(plane, FRAMES.request(family, flags, FIRST_PORT + client));
        }

        String verdict(String flags, int client) {
            return plane.run(FRAMES.request(family, flags, FIRST_PORT + client)).verdict();
        }

        /** The verdict of a new connection so many ticks after a count that finds one. */
        String beginsAfter(int ticks) {
            return Clock.inOneTick(now -> {
                clock = () -> now - ticks;
                admission.counted(1, Map.of());
                Connections.clear(plane, family);
                return verdict("S", 0);
            });
        }

        @Override
        public void close() {
            admission.close();
            PLANES.giveBack(plane);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatABackendHasNoRoomForGoesToAnotherAndStaysThere(Family family) {
        for (LookupTable.Index index : LookupTable.Index.values()) {
            try (Guarded vip = new Guarded(family, index, 1, 2)) {
                vip.admission.vip(0, 0);
                vip.admission.backend(1, 2);
                int first = 0;
                for (int client = 0; client < PORTS; client++) {
                    int backend = vip.reached("S", client);
                    assertTrue(backend > 0, "client " + client);
                    first += backend == 1 ? 1 : 0;
                    assertEquals(backend, vip.reached("A", client));
                }
                assertEquals(2, first, index.name());
                assertEquals(2, vip.admission.ofBackend(1));
            }
        }
    }

    /** Once, however many other entries were tried. What nobody takes, as not all of them are, was not passed over for another one. */
    @ParameterizedTest
    @EnumSource
    void aConnectionThatAFullBackendLosesToAnotherCountsOnceAsItsOverflow(Family family) {
        int[] mostlyFirst = {1, 1, 1, 2};
        int[] chosen = new int[PORTS];
        try (Guarded unlimited = new Guarded(family, LookupTable.Index.FLOW_HASH, mostlyFirst)) {
            unlimited.admission.vip(0, 0);
            Arrays.setAll(chosen, client -> unlimited.reached("S", client));
            assertEquals(0, unlimited.admission.overflows(1));
        }
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, mostlyFirst)) {
            vip.admission.vip(0, 0);
            vip.admission.backend(1, 1);
            vip.admission.backend(2, PORTS);
            int lost = 0;
            for (int client = 0; client < PORTS - 1; client++) {
                int backend = vip.reached("S", client);
                lost += chosen[client] == 1 && backend == 2 ? 1 : 0;
                assertEquals(lost, vip.admission.overflows(1), "client " + client);
                assertEquals(backend, backend == 0 ? 0 : vip.reached("A", client), "client " + client);
            }
            assertTrue(lost > 2, "enough of them");
            vip.admission.backend(2, 1);
            assertEquals("DROP_CONNECTION_LIMIT", vip.verdict("S", PORTS - 1));
            assertEquals(lost, vip.admission.overflows(1));
            assertEquals(0, vip.admission.overflows(2));
        }
    }

    /** Where seven eighths of the table are of full backends, one look in eight finds the last that is not. */
    @ParameterizedTest
    @EnumSource
    void whoLooksOnFindsTheOneBackendThatHasRoom(Family family) {
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, 1, 1, 1, 1, 1, 1, 1, 2)) {
            vip.admission.vip(0, 0);
            vip.admission.backend(1, 1);
            for (int client = 0; client < PORTS; client++) {
                assertTrue(vip.reached("S", client) > 0, "client " + client);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatEndedMakesRoomOnceItIsCounted(Family family) {
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, 1)) {
            vip.admission.vip(0, 2);
            assertEquals(1, vip.reached("S", 0));
            assertEquals(1, vip.reached("S", 1));
            assertEquals("DROP_CONNECTION_LIMIT", vip.verdict("S", 2));
            assertEquals(2, vip.admission.ofVip());
            vip.admission.counted(1, Map.of());
            assertEquals(1, vip.reached("S", 2));
            assertEquals("DROP_CONNECTION_LIMIT", vip.verdict("S", 3));
        }
    }

    /** Whoever does not count any more must not keep clients out for ever. */
    @ParameterizedTest
    @EnumSource
    void aLimitThatNobodyHasCountedForAMinuteLimitsNothing(Family family) {
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, 1)) {
            vip.admission.vip(0, 1);
            assertEquals("DROP_CONNECTION_LIMIT", vip.beginsAfter(60));
            assertEquals("FORWARD", vip.beginsAfter(61));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBackendThatIsDownIsNoPlaceForWhatAnotherHasNoRoomFor(Family family) {
        try (Guarded vip = new Guarded(family, LookupTable.Index.COUNTER, 1, 2)) {
            vip.admission.vip(0, 0);
            vip.admission.backend(1, 1);
            TwoBackends.put(vip.plane, family, 2, true, false);
            Set<String> verdicts = new HashSet<>();
            for (int client = 0; client < PORTS; client++) {
                verdicts.add(vip.verdict("S", client));
            }
            assertEquals(Set.of("FORWARD", "DROP_CONNECTION_LIMIT", "DROP_NO_BACKEND"), verdicts);
            assertEquals(1, vip.admission.ofBackend(1));
        }
    }

    /** The oldest flow of the local stack's gives way to a new one, as any that is not assured does. */
    @ParameterizedTest
    @EnumSource
    void aFlowOfTheLocalStackMayTakeAnothersPlace(Family family) {
        Tuning.Connections one = new Tuning.Connections(PORTS / 2, Tuning.Connections.Kind.CACHE);
        ScratchPlane plane = PLANES.lend(Linked.shipped(Tuning.small(Linked.HZ).withConnections(one)), Map.of());
        try (Admission admission = new Admission(plane, Clock::tick)) {
            plane.putTable(0, TableEntry.settled(1));
            plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                    new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(ListenerEntry.Flag.GUARDED), 0, 1, 0));
            admission.vip(0, 0, GuardEntry.Flag.LOCAL);
            for (int client = 0; client <= PORTS; client++) {
                assertEquals(0, Events.count(plane, Events.EVICTED), "client " + client);
                Anatomy syn = Anatomy.read(FRAMES.request(family, "S", FIRST_PORT)).anatomy().orElseThrow();
                syn.put(syn.l4(), FIRST_PORT + client);
                syn.sumUp();
                assertEquals("PASS_FALLBACK", plane.run(syn.frame()).verdict());
                Connections.age(plane, family, 2);
            }
            assertEquals(1, Events.count(plane, Events.EVICTED));
            assertEquals(0, Events.count(plane, Events.MAP_FULL));
            assertEquals(PORTS + 1, FlowCount.sum(plane.map("loom_lstats").lookup(Keys.of(0)).orElseThrow()).connections());
        } finally {
            PLANES.giveBack(plane);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aVipThatHasNoListOfSourcesDeniesNobody(Family family) {
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, 1)) {
            Prefix everybody = new Prefix(IpAddress.parse(family == Family.IPV4 ? "0.0.0.0" : "::").orElseThrow(), 0);
            vip.admission.rule(everybody, true);
            vip.admission.vip(0, 0);
            assertEquals("FORWARD", vip.verdict("S", 0));
            vip.admission.vip(0, 0, GuardEntry.Flag.ACL);
            assertEquals("DROP_SOURCE_DENIED", vip.verdict("S", 1));
        }
    }

    /** What it owes under the old one it would owe for a minute more. */
    @ParameterizedTest
    @EnumSource
    void aSourceThatUsedUpAStrictLimitIsAskedByTheLaxOneThatFollows(Family family) throws Exception {
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, 1)) {
            vip.admission.guard(0, new GuardEntry(Set.of(), 0, 1, 60, 1));
            int begun = 0;
            while (vip.verdict("S", 0).equals("FORWARD") && begun < 1000) {
                begun++;
                Connections.clear(vip.plane, family);
            }
            assertTrue(begun >= 60 && begun < 1000, begun + " connections");
            vip.admission.guard(0, new GuardEntry(Set.of(), 0, 2, 1, 1));
            assertEquals("DROP_RATE_LIMIT", vip.verdict("S", 1), "its bucket is empty");
            long patience = System.nanoTime() + 10_000_000_000L;
            while (vip.verdict("S", 1).equals("DROP_RATE_LIMIT")) {
                assertTrue(System.nanoTime() < patience, "half a second of the new limit is all that it owes");
                Thread.sleep(20);
            }
        }
    }

    /** As they are among its active ones. */
    @ParameterizedTest
    @EnumSource
    void flowsOfTheLocalStackAreConnectionsOfTheirVip(Family family) {
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, 1)) {
            vip.admission.vip(0, 0, GuardEntry.Flag.LOCAL);
            assertEquals("PASS_FALLBACK", vip.verdict("S", 0));
            assertEquals("PASS_FALLBACK", vip.verdict("A", 0));
            assertEquals("PASS_FALLBACK", vip.verdict("S", 1));
            assertEquals(2, FlowCount.sum(vip.plane.map("loom_lstats").lookup(Keys.of(0)).orElseThrow()).connections());
        }
    }

    /** Nobody is thrown out of the local stack's hands: its flows are remembered, guarded or not. */
    @ParameterizedTest
    @EnumSource
    void aFlowOfTheLocalStackStaysThereWhenTheVipIsGuardedNoMore(Family family) {
        try (Guarded vip = new Guarded(family, LookupTable.Index.FLOW_HASH, 1)) {
            vip.admission.vip(0, 0, GuardEntry.Flag.LOCAL);
            assertEquals("PASS_FALLBACK", vip.verdict("S", 0));
            vip.listener(LookupTable.Index.FLOW_HASH, 1, Set.of());
            assertEquals("PASS_FALLBACK", vip.verdict("A", 0));
            assertEquals("FORWARD", vip.verdict("S", 1));
        }
    }

    /** As nat's, whose connections cannot go untracked; ipip's do, full or not. */
    @ParameterizedTest
    @EnumSource
    void whatFindsNoRoomInTheConnectionTableGoesToTheLocalStack(Family family) {
        ScratchPlane plane = PLANES.lend(Linked.shipped(Linked.fullAtOnce()), Map.of());
        try (Admission admission = new Admission(plane, Clock::tick)) {
            plane.putBackend(1, new ScratchPlane.Backend(new io.loom.api.Endpoint(World.vip(family).address(), 8080), "nat"));
            plane.putTable(0, TableEntry.settled(1));
            plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                    new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(ListenerEntry.Flag.GUARDED), 0, 1, 0));
            admission.vip(0, 0, GuardEntry.Flag.OVERFLOW);
            assertEquals("FORWARD", plane.run(FRAMES.request(family, "S", FIRST_PORT)).verdict());
            assertEquals("PASS_FALLBACK", plane.run(FRAMES.request(family, "S", FIRST_PORT + 1)).verdict());
            assertEquals("PASS_OUT_OF_STATE", plane.run(FRAMES.request(family, "A", FIRST_PORT + 1)).verdict());
            admission.vip(0, 0);
            assertEquals("DROP_CONNECTIONS_FULL", plane.run(FRAMES.request(family, "S", FIRST_PORT + 1)).verdict());
            assertEquals(2, Events.count(plane, Events.MAP_FULL), "insertions that failed");
            assertEquals(1, VerdictCount.sum(plane.map("loom_verdicts").lookup(
                    Keys.of(Verdict.DROP_CONNECTIONS_FULL.number())).orElseThrow()).packets());
        } finally {
            PLANES.giveBack(plane);
        }
    }
}
