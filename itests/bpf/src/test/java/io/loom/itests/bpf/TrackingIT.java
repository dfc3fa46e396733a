package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that are not tracked, not yet, or not any more; clients that keep their backend. Two backends, 1 and 2, by ipip. */
class TrackingIT {
    private static final int ESTABLISHED = 1;
    private static final int FIN_WAIT = 2;
    private static final int VIP = 4711;
    private static final int LONGER_THAN_ANY_TIMEOUT = 1000;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped(tuning());
    private ScratchPlane plane;
    private Family family;

    /** Which table of connections. */
    Tuning tuning() {
        return Tuning.small(Linked.HZ);
    }

    private void open(Family of, int affinity, Flag... flags) {
        family = of;
        plane = PLANES.lend(composition, Map.of());
        TwoBackends.put(plane, family);
        plane.putTable(0, TableEntry.settled(1));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(flags), 0, 1, affinity));
    }

    private void put(int number, boolean down, boolean draining) {
        TwoBackends.put(plane, family, number, down, draining);
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    /** The backend that the packet went to; 0: it was not forwarded. */
    private int send(String flags, int port) {
        return TwoBackends.reached(plane, FRAMES.request(family, flags, port));
    }

    private int send(String flags) {
        return send(flags, 40000);
    }

    /** In the tick of the packet before, which assures nothing, however busy the host is. */
    private void sendAtOnce(String... packets) {
        for (String flags : packets) {
            age(-1);
            send(flags);
        }
    }

    private List<ConnectionWord> tracked() {
        return Connections.all(plane, family);
    }

    /** Connections that the backend was given since the beginning. */
    private long counted(int backend) {
        return FlowCount.sum(plane.map("loom_bstats").lookup(Keys.of(backend)).orElseThrow()).connections();
    }

    private void age(int ticks) {
        Connections.age(plane, family, ticks);
    }

    @ParameterizedTest
    @EnumSource
    void aDeferredConnectionIsTrackedWithItsSecondPacket(Family of) {
        open(of, 0, Flag.DEFER);
        assertEquals(1, send("S"));
        assertEquals(List.of(), tracked());
        assertEquals(1, send("A"));
        assertEquals(1, tracked().size());
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(1, send("A"), "what is tracked stays");
    }

    @ParameterizedTest
    @EnumSource
    void aHandshakeDuringWhichTheTableChangesStaysWhereItBegan(Family of) {
        open(of, 0, Flag.DEFER);
        assertEquals(1, send("S"));
        plane.putTable(0, TableEntry.changing(2, 1));
        assertEquals(1, send("A"));
        assertEquals(2, send("S", 40001), "a new one goes by the present table, and is tracked at once");
        assertEquals(2, tracked().size());
        plane.putTable(0, TableEntry.settled(1));
        assertEquals(2, send("A", 40001));
    }

    @ParameterizedTest
    @EnumSource
    void aPortThatIsUsedAgainBeginsAConnectionAnew(Family of) {
        open(of, 0, Flag.DEFER);
        send("S");
        send("A");
        send("FA");
        plane.putTable(0, TableEntry.changing(2, 1));
        assertEquals(1, send("A"), "the last acknowledgement");
        assertEquals(2, send("S"));
        assertEquals(2, send("A"));
        assertEquals(2, tracked().get(0).backend());
    }

    @ParameterizedTest
    @EnumSource
    void aSynOfAConnectionThatIsTrackedDoesNotMoveIt(Family of) {
        open(of, 0, Flag.DEFER);
        send("S");
        send("A");
        plane.putTable(0, TableEntry.changing(2, 1));
        assertEquals(1, send("S"));
    }

    /** The entry has settled, so a former connection with this port had the same backend; its state is the only trace. */
    @ParameterizedTest
    @EnumSource
    void dataAfterTheClientsEndIsOfANewConnectionWithItsPort(Family of) {
        open(of, 0, Flag.DEFER);
        for (String end : List.of("FA", "RA")) {
            sendAtOnce("S", "A", "A", end);
            int closing = tracked().get(0).state();
            assertNotEquals(ESTABLISHED, closing);
            sendAtOnce("S", "A");
            assertEquals(closing, tracked().get(0).state(), "may still be of the one that ended");
            sendAtOnce("PA");
            assertEquals(ESTABLISHED, tracked().get(0).state());
            assertEquals(0, tracked().get(0).fins());
            sendAtOnce("PFA");
            assertEquals(FIN_WAIT, tracked().get(0).state());
        }
        assertEquals(1, tracked().size());
        assertEquals(3, counted(1), "the first, and one after each end");
    }

    @ParameterizedTest
    @EnumSource
    void whereSynsAreLookedUpDataAfterTheEndIsLate(Family of) {
        open(of, 0);
        sendAtOnce("S", "A", "FA", "PA");
        assertEquals(FIN_WAIT, tracked().get(0).state());
    }

    @ParameterizedTest
    @EnumSource
    void underMinimalTrackingOnlyChangedEntriesMakeConnections(Family of) {
        open(of, 0, Flag.MINIMAL);
        send("S");
        send("A");
        assertEquals(List.of(), tracked());
        plane.putTable(0, TableEntry.changing(2, 1));
        assertEquals(1, send("A"), "what was there before");
        assertEquals(2, send("S", 40001));
        assertEquals(2, send("A", 40001));
        assertEquals(2, tracked().size());
        plane.putTable(0, TableEntry.changing(1, 1));
        assertEquals(2, send("A", 40001), "tracked while the entry looks");
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(2, send("A"), "a settled entry is not looked for");
    }

    @ParameterizedTest
    @EnumSource
    void theLastBackendKeepsItsConnectionsWhileItDrainsAndWhenAnotherComes(Family of) {
        open(of, 0, Flag.MINIMAL);
        assertEquals(1, send("S"));
        put(1, false, true);
        plane.putTable(0, TableEntry.changing(0, 1));
        assertEquals(0, send("S", 40001), "nobody takes new ones");
        assertEquals(1, send("A"));
        plane.putTable(0, TableEntry.changing(2, 1));
        assertEquals(2, send("S", 40001));
        assertEquals(2, send("A", 40001));
        assertEquals(1, send("A"));
        plane.putTable(0, TableEntry.changing(0, 0));
        assertEquals(2, send("A", 40001), "tracked while the entry looks");
        assertEquals(0, send("A", 40002));
        plane.putTable(0, TableEntry.settled(0));
        assertEquals(0, send("S", 40003));
    }

    @ParameterizedTest
    @EnumSource
    void aHandshakeWithTheLastBackendStaysWhereItBegan(Family of) {
        open(of, 0, Flag.DEFER);
        assertEquals(1, send("S"));
        plane.putTable(0, TableEntry.changing(0, 1));
        assertEquals(1, send("A"));
        assertEquals(0, send("S", 40001));
    }

    @ParameterizedTest
    @EnumSource
    void theBackendBeforeIsNoHelpWhenItIsDownOrGone(Family of) {
        open(of, 0, Flag.MINIMAL);
        plane.putTable(0, TableEntry.changing(2, 1));
        put(1, true, false);
        assertEquals(2, send("A"));
        plane.removeBackend(1);
        assertEquals(2, send("A", 40001));
    }

    @ParameterizedTest
    @EnumSource
    void whereConnectionsAreAllTrackedAStrangerGoesByThePresentTable(Family of) {
        open(of, 0);
        plane.putTable(0, TableEntry.changing(2, 1));
        assertEquals(2, send("A"));
    }

    @ParameterizedTest
    @EnumSource
    void withoutTrackingEachPacketGoesByTheTable(Family of) {
        open(of, 0, Flag.STATELESS);
        assertEquals(1, send("S"));
        plane.putTable(0, TableEntry.changing(2, 1));
        assertEquals(2, send("A"));
        assertEquals(List.of(), tracked());
    }

    @ParameterizedTest
    @EnumSource
    void aClientComesBackToItsBackend(Family of) {
        open(of, VIP);
        assertEquals(1, send("S"));
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(1, send("S", 40001));
        put(1, false, true);
        assertEquals(2, send("S", 40002), "not to one that drains");
        assertEquals(1, send("A"), "whose connections go on");
        assertEquals(2, send("S", 40003), "the last choice counts");
    }

    /** What an old connection still has to say does not undo the client's last choice. */
    @ParameterizedTest
    @EnumSource
    void aConnectionThatGoesOnDoesNotTakeItsClientBack(Family of) {
        open(of, VIP);
        assertEquals(1, send("S"));
        put(1, false, true);
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(2, send("S", 40001));
        age(2);
        assertEquals(1, send("A"), "is seen again, in a later tick");
        put(1, false, false);
        plane.putTable(0, TableEntry.settled(1));
        assertEquals(2, send("S", 40002));
    }

    /** Another CPU has seen the client since this one looked at the clock. */
    @ParameterizedTest
    @EnumSource
    void aClientThatWasSeenInTheNextTickIsKnown(Family of) {
        open(of, VIP);
        assertEquals(1, send("S"));
        BpfMap clients = plane.map("loom_affinity" + family.version());
        clients.forEach((key, value) -> {
            ByteBuffer seen = ByteBuffer.wrap(value.clone()).order(ByteOrder.LITTLE_ENDIAN);
            clients.update(key.clone(), seen.putInt(Integer.BYTES, seen.getInt(Integer.BYTES) + 3).array(), UpdateMode.EXIST);
        });
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(1, send("S", 40001));
    }

    /** Which sends nothing itself for now: it is in no table. */
    @ParameterizedTest
    @EnumSource
    void anErrorAboutAConnectionFromBeforeFollowsItsPackets(Family of) {
        open(of, 0, Flag.MINIMAL);
        plane.putTable(0, TableEntry.changing(2, 1));
        byte[] error = FRAMES.error(family, FRAMES.request(family, "A", 40000));
        assertEquals(1, TwoBackends.reached(plane, error));
        put(1, true, false);
        assertEquals(2, TwoBackends.reached(plane, error));
        assertEquals(List.of(), tracked());
    }

    @ParameterizedTest
    @EnumSource
    void anErrorAboutAConnectionThatHasExpiredGoesByTheTable(Family of) {
        open(of, 0);
        send("S");
        age(LONGER_THAN_ANY_TIMEOUT);
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(2, TwoBackends.reached(plane, FRAMES.error(family, FRAMES.request(family, "A", 40000))));
    }

    @ParameterizedTest
    @EnumSource
    void aClientLeavesABackendThatIsDown(Family of) {
        open(of, VIP);
        assertEquals(1, send("S"));
        put(1, true, false);
        plane.putTable(0, TableEntry.settled(2));
        assertEquals(2, send("S", 40001));
        put(1, false, false);
        plane.putTable(0, TableEntry.settled(1));
        assertEquals(2, send("S", 40002));
    }

    @ParameterizedTest
    @EnumSource
    void vipsDoNotShareTheirClients(Family of) {
        open(of, VIP);
        assertEquals(1, send("S"));
        plane.putTable(0, TableEntry.settled(2));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(), 0, 1, VIP + 1));
        assertEquals(2, send("S", 40001));
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionIsAssuredByAPacketInALaterTickThanItsHandshake(Family of) {
        open(of, 0);
        send("S");
        age(2);
        send("A");
        assertEquals(false, tracked().get(0).assured(), "a handshake can be made up");
        age(-1); // or the clock may go on to the next tick
        send("A");
        assertEquals(false, tracked().get(0).assured(), "so can a packet more");
        age(2);
        send("A");
        assertEquals(true, tracked().get(0).assured());
        send("FA");
        assertEquals(true, tracked().get(0).assured());
    }
}
