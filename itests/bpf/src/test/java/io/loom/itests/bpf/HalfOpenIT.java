package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Under nat a connection is established when its client has acknowledged the backend's SYN+ACK, and until then the first to give
 * its port away; so is a flow of UDP whose client has sent nothing in a second tick. One vip with a listener of each protocol.
 */
class HalfOpenIT {
    private static final int PORT = 20000;
    private static final int CLIENT = Balancer.CLIENT_PORT;
    private static final int SYN_SENT = 0;
    private static final int ESTABLISHED = 1;
    private static final int TIME_WAIT = 3;
    private static final int SYN_RECEIVED = 4;
    /** Ticks after which a half-open connection may lose its port. */
    private static final int HALF_OPEN = 2;
    /** What a client's first ACK may acknowledge beyond the SYN, NAT_FIRST_WINDOW. */
    private static final int FIRST_WINDOW = 16384;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    private void open(Family of, int ports, Flag... flags) {
        family = of;
        plane = PLANES.lend(Linked.shipped(), Map.of("nat_port_first", (long) PORT, "nat_port_count", (long) ports));
        plane.putBackend(1, new ScratchPlane.Backend(new Endpoint(World.backend(family, 1), 8080), "nat"));
        plane.putTable(0, TableEntry.settled(1));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(flags), 0, 1, 0));
        plane.putListener(new ListenerKey(Protocol.UDP, new Endpoint(World.vip(family).address(), World.VIP_UDP_PORT)),
                new ListenerEntry(1, LookupTable.Index.FLOW_HASH, Set.of(flags), 0, 1, 0));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    private String run(byte[] frame) {
        return plane.run(frame).verdict();
    }

    /** A segment of a client; it acknowledges the SYN of {@link #answerTo}. */
    private byte[] request(int client, String flags) {
        return Twins.withPorts(FRAMES.request(family, flags, CLIENT), client, World.VIP_PORT);
    }

    private byte[] datagram(int client) {
        return Twins.withPorts(FRAMES.datagram(family, CLIENT), client, World.VIP_UDP_PORT);
    }

    /** What the backend sends back for a packet that it has got. */
    private byte[] answerTo(byte[] sent, String flags) {
        Anatomy there = Twins.read(sent);
        byte[] back = Twins.withPorts(FRAMES.answer(family, flags, PORT), 8080, there.source().port());
        Anatomy answer = Twins.read(back);
        there.source().address().get(back, answer.l3() + (answer.version() == 4 ? 16 : 24), family.addressBytes());
        answer.sumUp();
        return back;
    }

    private byte[] forwarded(byte[] frame) {
        ScratchPlane.Outcome outcome = plane.run(frame);
        assertEquals("FORWARD", outcome.verdict());
        return outcome.frame();
    }

    /** SYN and SYN+ACK; returns the SYN as the backend has got it. */
    private byte[] begin(int client) {
        byte[] sent = forwarded(request(client, "S"));
        assertEquals("REPLY", run(answerTo(sent, "SA")));
        return sent;
    }

    private byte[] establish(int client) {
        byte[] sent = begin(client);
        forwarded(request(client, "A"));
        return sent;
    }

    private static int port(byte[] sent) {
        return Twins.read(sent).source().port();
    }

    private static byte[] with(byte[] frame, int offset, long number) {
        Anatomy changed = Twins.read(frame.clone());
        ByteBuffer.wrap(changed.frame()).putInt(changed.l4() + offset, (int) number);
        changed.sumUp();
        return changed.frame();
    }

    private static byte[] acknowledging(byte[] frame, long number) {
        return with(frame, 8, number);
    }

    private void idle(int ticks) {
        Connections.age(plane, family, ticks);
        new NatPairs(plane, family).replace(word -> Connections.aged(word, ticks));
    }

    /** States of the connection's halves, which agree. */
    private int state() {
        List<ConnectionWord> halves = Connections.all(plane, family);
        assertEquals(1, halves.size());
        assertEquals(halves, new NatPairs(plane, family).words().stream().map(ConnectionWord::decode).toList());
        return halves.get(0).state();
    }

    @ParameterizedTest
    @CsvSource({"IPV4, false", "IPV4, true", "IPV6, false", "IPV6, true"})
    void theClientsAnswerToTheSynAckEstablishes(Family of, boolean keep) {
        open(of, 1, keep ? new Flag[] {Flag.KEEP_CLIENT} : new Flag[0]);
        byte[] sent = forwarded(request(CLIENT, "S"));
        assertEquals(SYN_SENT, state());
        forwarded(request(CLIENT, "A"));
        assertEquals(SYN_SENT, state(), "an ACK of nothing");
        assertEquals("REPLY", run(answerTo(sent, "SA")));
        assertEquals(SYN_RECEIVED, state());
        for (long wrong : new long[] {0, 1 + FIRST_WINDOW, 0x80000001L, 0xffffffffL}) {
            forwarded(acknowledging(request(CLIENT, "A"), wrong));
            assertEquals(SYN_RECEIVED, state(), "an ACK of " + wrong);
        }
        forwarded(request(CLIENT, "A"));
        assertEquals(ESTABLISHED, state());
    }

    /** Of a backend whose SYN has a sequence number near the end of the range, too: what it awaits is behind it. */
    @ParameterizedTest
    @CsvSource({"IPV4, 0", "IPV6, 0", "IPV4, 4294967295", "IPV6, 4294967295", "IPV4, 4294960000", "IPV6, 4294960000"})
    void whatIsAcknowledgedIsTheBackendsSynAndWhatFollowsAtOnce(Family of, long sequence) {
        for (int more : new int[] {1, FIRST_WINDOW - 1, FIRST_WINDOW + 1, -1}) {
            open(of, 1);
            byte[] sent = forwarded(request(CLIENT, "S"));
            assertEquals("REPLY", run(with(answerTo(sent, "SA"), 4, sequence)));
            forwarded(acknowledging(request(CLIENT, "A"), sequence + 1 + more));
            assertEquals(more >= 0 && more < FIRST_WINDOW ? ESTABLISHED : SYN_RECEIVED, state(), "beyond the SYN: " + more);
            PLANES.giveBack(plane);
        }
        open(of, 1);
    }

    /** Nor do they make it younger, or one that is never evicted. */
    @ParameterizedTest
    @EnumSource
    void blindAcksAndWhatTheBackendAnswersDoNot(Family of) {
        open(of, 1);
        byte[] sent = begin(CLIENT);
        idle(5);
        ConnectionWord before = Connections.all(plane, family).get(0);
        for (String flags : List.of("A", "PA", "FA", "PFA")) {
            forwarded(acknowledging(request(CLIENT, flags), 4711 + FIRST_WINDOW));
        }
        assertEquals("REPLY", run(answerTo(sent, "SA")));
        assertEquals("REPLY", run(answerTo(sent, "A")));
        assertEquals(List.of(before), Connections.all(plane, family));
        assertEquals(SYN_RECEIVED, state());
    }

    /** Also where the ACK that Loom waited for took another way, or came before this program did. */
    @ParameterizedTest
    @EnumSource
    void dataOfTheBackendDoes(Family of) {
        open(of, 1);
        byte[] sent = begin(CLIENT);
        byte[] data = answerTo(sent, "A");
        data[Twins.read(data).l4() + 13] |= 0x08;
        Twins.read(data).sumUp();
        assertEquals("REPLY", run(data));
        assertEquals(ESTABLISHED, state());
    }

    @ParameterizedTest
    @EnumSource
    void aResetEndsTheHandshake(Family of) {
        open(of, 1);
        begin(CLIENT);
        forwarded(request(CLIENT, "R"));
        assertEquals(TIME_WAIT, state());
    }

    @ParameterizedTest
    @EnumSource
    void onlyAnEstablishedConnectionIsAssured(Family of) {
        open(of, 1);
        begin(CLIENT);
        for (int tick = 0; tick < 3; tick++) {
            idle(1);
            forwarded(acknowledging(request(CLIENT, "A"), 0x70000000));
        }
        assertEquals(false, Connections.all(plane, family).get(0).assured());
        forwarded(request(CLIENT, "A"));
        idle(2);
        forwarded(request(CLIENT, "A"));
        assertEquals(true, Connections.all(plane, family).get(0).assured());
    }

    @ParameterizedTest
    @EnumSource
    void aHalfOpenOneGivesItsPortAwayHoweverItWasAnswered(Family of) {
        open(of, 1);
        begin(CLIENT);
        assertEquals("DROP_PORTS_EXHAUSTED", run(request(CLIENT + 1, "S")), "it has some time");
        idle(HALF_OPEN);
        establish(CLIENT + 1);
        idle(HALF_OPEN);
        assertEquals("PASS_OUT_OF_STATE", run(request(CLIENT, "A")), "the port is another's");
        assertEquals("DROP_PORTS_EXHAUSTED", run(request(CLIENT, "S")), "which has shown to be there");
    }

    /** Its client's next SYN begins it anew, with another port. */
    @ParameterizedTest
    @EnumSource
    void whoHasLostItsPortGetsAnother(Family of) {
        open(of, 1);
        begin(CLIENT);
        idle(HALF_OPEN);
        byte[] sent = establish(CLIENT + 1);
        new NatPairs(plane, family).replace(word -> Connections.aged(word, 1000));
        byte[] again = begin(CLIENT);
        forwarded(request(CLIENT, "A"));
        assertEquals(port(sent), port(again), "there is one");
        assertEquals(2, Connections.all(plane, family).size());
        assertEquals(0, Events.count(plane, Events.MAP_FULL));
    }

    /** Of UDP those that have sent in one tick alone, however they were answered. */
    @ParameterizedTest
    @EnumSource
    void aFlowOfOneDatagramGivesItsPortAway(Family of) {
        open(of, 1);
        forwarded(datagram(CLIENT));
        assertEquals("DROP_PORTS_EXHAUSTED", run(datagram(CLIENT + 1)), "it has some time");
        idle(HALF_OPEN);
        forwarded(datagram(CLIENT + 1));
        idle(1);
        forwarded(datagram(CLIENT + 1));
        idle(HALF_OPEN);
        assertEquals("DROP_PORTS_EXHAUSTED", run(datagram(CLIENT)), "the other has sent in a second tick");
    }

    private static final int PORTS = 256;
    private static final int ROUNDS = 12;
    private static final int FLOOD = 64; // a tick: three ticks' worth of them have all ports
    private static final int REAL = 4;

    /** What floods leave: SYNs, answered or not, with blind ACKs or not, and datagrams. */
    private void flood(int first, boolean answered, boolean acks, boolean udp) {
        for (int client = first; client < first + FLOOD; client++) {
            ScratchPlane.Outcome outcome = plane.run(udp ? datagram(client) : request(client, "S"));
            if (!outcome.leaves()) {
                continue; // to have no port is as good as a flood gets
            }
            if (answered && !udp) {
                assertEquals("REPLY", run(with(answerTo(outcome.frame(), "SA"), 4, 0x12345678)));
            }
            if (acks) {
                run(request(client, "A"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "IPV4, false, false, false", "IPV4, true, false, false", "IPV4, true, true, false", "IPV4, false, true, false",
        "IPV4, false, false, true", "IPV6, false, false, false", "IPV6, true, false, false", "IPV6, true, true, false",
        "IPV6, false, false, true"})
    void newConnectionsGetPortsWhileOthersAreMadeUp(Family of, boolean answered, boolean acks, boolean udp) {
        open(of, PORTS);
        Set<Integer> established = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            flood(10_000 + round * FLOOD, answered, acks, udp);
            for (int client = CLIENT + round * REAL; client < CLIENT + (round + 1) * REAL; client++) {
                if (udp) {
                    forwarded(datagram(client));
                } else {
                    assertTrue(established.add(port(establish(client))), "a port that an established one has");
                }
            }
            idle(1);
        }
        if (udp) {
            return;
        }
        for (int client = CLIENT; client < CLIENT + ROUNDS * REAL; client++) {
            assertEquals("FORWARD", run(request(client, "A")), "established ones go on");
        }
    }
}
