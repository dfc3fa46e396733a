package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Verdict;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.TraceRecord;
import io.loom.datapath.internal.layout.TraceWanted;
import io.loom.libbpf.RingReader;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the program writes into the ring of the trace, when, and what becomes of packets when it cannot. */
class TraceIT {
    @RegisterExtension
    private static final Planes PLANES = new Planes();
    private static final Frames FRAMES = new Frames();
    private static final int CLIENT_PORT = 40000;
    private static final int NAT_PORT = 20000;
    private static final int SYN = 2;
    private static final int ACK = 16;
    private static final int LONG = 100;
    /** What the ring of a scratch plane holds: 16 KiB of records of 96 bytes, with 8 before each. */
    private static final int ROOM = 16384 / 104;

    private ScratchPlane plane;
    private RingReader ring;

    @BeforeEach
    void open() {
        plane = PLANES.lend(Linked.shipped(Linked.rows()), Linked.ONE_PORT);
        plane.addWorld("nat");
        ring = RingReader.open(plane.map("loom_trace"));
        read();
    }

    @AfterEach
    void close() {
        want(TraceWanted.NOTHING);
        ring.close();
        PLANES.giveBack(plane);
    }

    private void want(TraceWanted wanted) {
        plane.map("loom_trace_on").update(Keys.of(0), wanted.encode(), UpdateMode.ANY);
    }

    private void wantAll() {
        want(new TraceWanted(Clock.tick() + LONG, Set.of(), List.of()));
    }

    private List<TraceRecord> read() {
        List<TraceRecord> records = new ArrayList<>();
        ring.read(Integer.MAX_VALUE, record -> records.add(TraceRecord.decode(record)));
        return records;
    }

    /** Sends the frame, of which there is one record then, with the verdict that was counted. */
    private TraceRecord traced(byte[] frame) {
        ScratchPlane.Outcome outcome = plane.run(frame);
        List<TraceRecord> records = read();
        assertEquals(1, records.size(), outcome.verdict());
        TraceRecord record = records.get(0);
        assertEquals(outcome.verdict(), Verdict.of(record.verdict()).orElseThrow().name());
        assertEquals(frame.length, record.bytesIn());
        assertEquals(outcome.leaves() ? outcome.frame().length : 0, record.bytesOut());
        assertEquals(outcome.leaves(), record.sentTo().isPresent());
        return record;
    }

    private static InetAddress address(byte[] packet, Family family, boolean source) {
        int at = 14 + (family == Family.IPV4 ? 12 : 8) + (source ? 0 : family.addressBytes());
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(packet, at, at + family.addressBytes()));
        } catch (java.net.UnknownHostException wrongLength) {
            throw new IllegalStateException(wrongLength);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPacketToItsBackendIsWrittenDownAndSoIsTheReply(Family family) {
        wantAll();
        byte[] request = FRAMES.request(family, "S", CLIENT_PORT);
        InetAddress client = address(request, family, true);
        TraceRecord forwarded = traced(request);
        assertEquals(Verdict.FORWARD.number(), forwarded.verdict());
        assertEquals(Optional.of(client), forwarded.source());
        assertEquals(Optional.of(World.vip(family).address()), forwarded.destination());
        assertEquals(List.of(CLIENT_PORT, World.VIP_PORT, 6, SYN, 0),
                List.of(forwarded.sourcePort(), forwarded.destinationPort(), forwarded.protocol(), forwarded.signals(), forwarded.fragment()));
        assertTrue(forwarded.backend() > 0);
        assertEquals(request.length - 14, forwarded.length());
        assertEquals(family == Family.IPV4 ? World.BACKEND4 : World.BACKEND6, forwarded.sentTo().orElseThrow());
        assertEquals(World.IFINDEX, forwarded.ifindex());

        TraceRecord reply = traced(FRAMES.answer(family, "SA", NAT_PORT));
        assertEquals(Verdict.REPLY.number(), reply.verdict());
        assertEquals(SYN | ACK, reply.signals());
        assertEquals(Optional.of(family == Family.IPV4 ? World.BACKEND4 : World.BACKEND6), reply.source());
        assertEquals(Optional.of(client), reply.sentTo());
        assertTrue(reply.time() > forwarded.time());
    }

    @ParameterizedTest
    @EnumSource
    void soIsWhatPassesAndWhatIsDropped(Family family) {
        wantAll();
        TraceRecord passed = traced(FRAMES.answer(family, "SA", NAT_PORT + 1));
        assertEquals(Verdict.PASS_NO_LISTENER.number(), passed.verdict());
        assertEquals(NAT_PORT + 1, passed.destinationPort());
        assertEquals(0, passed.backend());
        plane.removeBackend(traced(FRAMES.request(family, "S", CLIENT_PORT)).backend());
        TraceRecord dropped = traced(FRAMES.request(family, "S", CLIENT_PORT + 1));
        assertEquals(Verdict.DROP_NO_BACKEND.number(), dropped.verdict());
        assertEquals(CLIENT_PORT + 1, dropped.sourcePort());
        TraceRecord datagram = traced(FRAMES.datagram(family, CLIENT_PORT));
        assertEquals(17, datagram.protocol());
        assertEquals(World.VIP_UDP_PORT, datagram.destinationPort());
    }

    @Test
    void aFrameWithoutIpHasNoAddresses() {
        wantAll();
        byte[] arp = new byte[60];
        Arrays.fill(arp, 0, 6, (byte) 0xff); // to all stations: what is for another one ends before its type is looked at
        arp[12] = 8;
        arp[13] = 6;
        TraceRecord record = traced(arp);
        assertEquals(Verdict.PASS_NOT_IP.number(), record.verdict());
        assertEquals(Optional.empty(), record.source());
        assertEquals(0, record.sourcePort());
    }

    @ParameterizedTest
    @EnumSource
    void whatAnIcmpErrorIsAboutIsToldApart(Family family) {
        wantAll();
        traced(FRAMES.request(family, "S", CLIENT_PORT));
        TraceRecord error = traced(FRAMES.error(family, FRAMES.request(family, "S", CLIENT_PORT)));
        assertTrue(error.related());
        assertEquals(CLIENT_PORT, error.sourcePort());
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsWrittenWhileNobodyLooks(Family family) {
        plane.run(FRAMES.request(family, "S", CLIENT_PORT));
        assertEquals(List.of(), read());
    }

    @Test
    void itEndsByItselfWhenNobodyMovesItsEndOn() throws InterruptedException {
        long end = Clock.tick() + 4;
        want(new TraceWanted(end, Set.of(), List.of()));
        traced(FRAMES.request(Family.IPV4, "S", CLIENT_PORT));
        while (Clock.tick() < end) {
            Thread.sleep(50);
        }
        assertEquals("FORWARD", plane.run(FRAMES.request(Family.IPV4, "A", CLIENT_PORT)).verdict());
        assertEquals(List.of(), read());
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheVerdictsThatAreWantedAreWritten(Family family) {
        want(new TraceWanted(Clock.tick() + LONG, Set.of(Verdict.REPLY.number(), Verdict.DROP_TTL.number()), List.of()));
        plane.run(FRAMES.request(family, "S", CLIENT_PORT));
        assertEquals(List.of(), read());
        traced(FRAMES.answer(family, "SA", NAT_PORT));
    }

    /** nat, which is in the first slot here, has one port: the second connection gets the first of its reasons. */
    @ParameterizedTest
    @EnumSource
    void soAreAMethodsReasons(Family family) {
        want(new TraceWanted(Clock.tick() + LONG, Set.of(Verdict.METHOD_BASE), List.of()));
        assertEquals("FORWARD", plane.run(FRAMES.request(family, "S", CLIENT_PORT)).verdict());
        assertEquals(List.of(), read());
        assertEquals("DROP_PORTS_EXHAUSTED", plane.run(FRAMES.request(family, "S", CLIENT_PORT + 1)).verdict());
        assertEquals(List.of(Verdict.METHOD_BASE), read().stream().map(TraceRecord::verdict).toList());
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheAddressesThatAreWantedAreWritten(Family family) {
        InetAddress stranger = IpAddress.parse(family == Family.IPV4 ? "203.0.113.99" : "2001:db8:9::9").orElseThrow();
        byte[] request = FRAMES.request(family, "S", CLIENT_PORT);
        want(new TraceWanted(Clock.tick() + LONG, Set.of(), List.of(stranger)));
        plane.run(request);
        plane.run(new byte[60]);
        assertEquals(List.of(), read());
        InetAddress client = address(request, family, true);
        want(new TraceWanted(Clock.tick() + LONG, Set.of(), List.of(stranger, client)));
        traced(request);
        traced(FRAMES.answer(family, "SA", NAT_PORT)); // is sent to the client
        want(new TraceWanted(Clock.tick() + LONG, Set.of(), List.of(World.vip(family).address())));
        traced(request);
    }

    @Test
    void whatFindsNoRoomIsCountedAndForwardedAllTheSame() {
        wantAll();
        long before = Events.count(plane, Events.TRACE_LOST);
        for (int packet = 0; packet < ROOM + 50; packet++) {
            assertEquals("FORWARD", plane.run(FRAMES.request(Family.IPV4, "S", CLIENT_PORT)).verdict());
        }
        assertEquals(50, Events.count(plane, Events.TRACE_LOST) - before);
        assertEquals(ROOM, read().size());
        traced(FRAMES.request(Family.IPV4, "A", CLIENT_PORT));
        assertEquals(50, Events.count(plane, Events.TRACE_LOST) - before);
    }

    @Test
    void recordsStayWholeWhereTheRingBeginsAnew() {
        wantAll();
        traced(FRAMES.request(Family.IPV4, "S", CLIENT_PORT));
        for (int packet = 0; packet < 3 * ROOM; packet++) {
            assertEquals(CLIENT_PORT, traced(FRAMES.request(Family.IPV4, "A", CLIENT_PORT)).sourcePort());
        }
    }
}
