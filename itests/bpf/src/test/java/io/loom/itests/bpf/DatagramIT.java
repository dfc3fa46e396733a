package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Flows of UDP, clients that keep their backend over ports and protocols, and errors about flows. Two backends, 1 and 2, by ipip. */
class DatagramIT {
    private static final int SYN_RECEIVED = 4;
    private static final int DATAGRAM = 5;
    /** Ticks; flows and affinities last 300 seconds. */
    private static final int TIMEOUT = Tuning.ticks(Duration.ofSeconds(300), Linked.HZ);
    private static final int LESS_THAN_THE_TIMEOUT = 200;
    private static final int MORE_THAN_THE_TIMEOUT = 400;
    private static final int STEP = Tuning.small(Linked.HZ).step();
    /** Ticks that may go by while a test runs. */
    private static final int MARGIN = 3;
    private static final int VIP = 4711;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped();
    private ScratchPlane plane;
    private Family family;

    /** One vip of TCP and UDP with one table, of which all goes to backend 1. */
    private void open(Family of, int affinity, Flag... flags) {
        family = of;
        plane = PLANES.lend(composition, Map.of());
        TwoBackends.put(plane, family);
        plane.putTable(0, TableEntry.settled(1));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(flags), 0, 1, affinity));
        plane.putListener(new ListenerKey(Protocol.UDP, new Endpoint(World.vip(family).address(), World.VIP_UDP_PORT)),
                new ListenerEntry(1, LookupTable.Index.FLOW_HASH, Set.of(flags), 0, 1, affinity));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    /** The backend that the packet went to; 0: it was not forwarded. */
    private int send(byte[] frame) {
        return TwoBackends.reached(plane, frame);
    }

    private int datagram(int port) {
        return send(FRAMES.datagram(family, port));
    }

    private int segment(String flags, int port) {
        return send(FRAMES.request(family, flags, port));
    }

    private List<ConnectionWord> tracked() {
        return Connections.all(plane, family);
    }

    /** Moves flows into the past. */
    private void age(int ticks) {
        Connections.age(plane, family, ticks);
    }

    private void ageClients(int ticks) {
        Connections.ageClients(plane, family, ticks);
    }

    @ParameterizedTest
    @EnumSource
    void aFlowOfDatagramsIsTrackedFromItsFirstAndNeverChangesState(Family of) {
        open(of, 0);
        assertEquals(1, datagram(40000));
        plane.putTable(0, TableEntry.settled(2));
        age(-1); // or the clock may go on to the next tick, and the flow be assured
        assertEquals(1, datagram(40000));
        assertEquals(2, datagram(40001));
        assertEquals(List.of(DATAGRAM, DATAGRAM), tracked().stream().map(ConnectionWord::state).toList());
        assertEquals(List.of(false, false), tracked().stream().map(ConnectionWord::assured).toList());
        age(2);
        assertEquals(1, datagram(40000));
        assertEquals(1, tracked().stream().filter(ConnectionWord::assured).count());
    }

    @ParameterizedTest
    @EnumSource
    void aFlowOfDatagramsLastsAsLongAsItsTimeout(Family of) {
        open(of, 0);
        datagram(40000);
        plane.putTable(0, TableEntry.settled(2));
        age(LESS_THAN_THE_TIMEOUT);
        assertEquals(1, datagram(40000));
        age(LESS_THAN_THE_TIMEOUT);
        assertEquals(1, datagram(40000), "the last packet counts");
        age(MORE_THAN_THE_TIMEOUT);
        assertEquals(2, datagram(40000));
    }

    @ParameterizedTest
    @EnumSource
    void theClockOfAnAssuredFlowIsWrittenOnceAStep(Family of) {
        open(of, 0);
        datagram(40000);
        age(2);
        datagram(40000);
        int written = tracked().get(0).seen();
        age(STEP - MARGIN);
        datagram(40000);
        assertEquals(written - (STEP - MARGIN), tracked().get(0).seen(), "too soon to write");
        age(MARGIN);
        datagram(40000);
        assertTrue(tracked().get(0).seen() >= written, "the next step has begun");
    }

    /** Its last packet may have come when its clock was a step late. */
    @ParameterizedTest
    @EnumSource
    void anAssuredFlowLastsAStepLongerThanItsTimeoutAndNoMore(Family of) {
        open(of, 0);
        datagram(40000);
        age(2);
        datagram(40000);
        plane.putTable(0, TableEntry.settled(2));
        age(TIMEOUT + STEP - 1 - MARGIN);
        assertEquals(1, datagram(40000));
        age(TIMEOUT + STEP + 1);
        assertEquals(2, datagram(40000));
    }

    @ParameterizedTest
    @EnumSource
    void datagramsAndSegmentsOfOneAddressAndPortAreTwoFlows(Family of) {
        open(of, 0);
        datagram(40000);
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(2, segment("S", 40000));
        assertEquals(1, datagram(40000));
    }

    @ParameterizedTest
    @EnumSource
    void withoutTrackingEachDatagramGoesByTheTable(Family of) {
        open(of, 0, Flag.STATELESS);
        assertEquals(1, datagram(40000));
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(2, datagram(40000));
        assertEquals(List.of(), tracked());
    }

    @ParameterizedTest
    @EnumSource
    void aClientHasOneBackendOverPortsAndProtocols(Family of) {
        open(of, VIP);
        assertEquals(1, segment("S", 40000));
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(1, segment("S", 40001));
        assertEquals(1, datagram(40002));
        assertEquals(1, datagram(40000));
    }

    @ParameterizedTest
    @EnumSource
    void aClientIsForgottenWhenItsTimeIsOver(Family of) {
        open(of, VIP);
        datagram(40000);
        plane.putTable(0, TableEntry.settled(2));
        ageClients(LESS_THAN_THE_TIMEOUT);
        assertEquals(1, datagram(40001));
        ageClients(MORE_THAN_THE_TIMEOUT);
        assertEquals(2, datagram(40002));
        assertEquals(1, datagram(40000), "its flows go on");
    }

    @ParameterizedTest
    @EnumSource
    void thePacketsOfAFlowKeepItsClientRemembered(Family of) {
        open(of, VIP);
        datagram(40000);
        plane.putTable(0, TableEntry.settled(2));
        for (int round = 0; round < 3; round++) {
            ageClients(LESS_THAN_THE_TIMEOUT);
            age(STEP + 1);
            assertEquals(1, datagram(40000));
        }
        assertEquals(1, segment("S", 40001));
    }

    /** Nor does it make a flow last: who sends errors need not be an end of it. */
    @ParameterizedTest
    @EnumSource
    void anErrorGoesToTheBackendOfItsFlowAndDoesNotMoveIt(Family of) {
        open(of, 0);
        segment("S", 40000);
        segment("A", 40000);
        plane.putTable(0, TableEntry.settled(2));
        age(5);
        List<ConnectionWord> before = tracked();
        assertEquals(SYN_RECEIVED, before.get(0).state());
        assertEquals(1, send(FRAMES.error(family, FRAMES.request(family, "A", 40000))));
        assertEquals(before, tracked());
    }

    @ParameterizedTest
    @EnumSource
    void anErrorAboutDatagramsFollowsThemToo(Family of) {
        open(of, 0);
        datagram(40000);
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(1, send(FRAMES.error(family, FRAMES.datagram(family, 40000))));
        assertEquals(2, send(FRAMES.error(family, FRAMES.datagram(family, 40001))), "of an unknown flow, by the table");
        assertEquals(1, tracked().size());
    }
}
