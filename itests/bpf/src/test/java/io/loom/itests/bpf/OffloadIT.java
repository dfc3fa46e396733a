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
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.GuardEntry;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.OffloadEntry;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.UpdateMode;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Packets whose sender has left the checksum, or their cutting into segments, to a network card. */
class OffloadIT {
    private static final int LARGE = 3000;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    /** @param generic the mode of the interface; the program is always told that one may be in generic mode if this one is */
    private void open(Family of, String method, boolean generic, ListenerEntry.Flag... flags) {
        open(of, method, generic, Linked.ONE_PORT, flags);
    }

    private void open(Family of, String method, boolean generic, Map<String, Long> constants, ListenerEntry.Flag... flags) {
        family = of;
        plane = PLANES.lend(Linked.shipped(Linked.rows().withSoftware(true).withGeneric(generic)), constants);
        int port = method.equals("nat") ? 8080 : World.VIP_PORT;
        plane.putBackend(1, new ScratchPlane.Backend(new Endpoint(World.backend(family, 1), port), method, World.MTU, false, World.IFINDEX));
        plane.putTable(0, TableEntry.settled(1));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)), listener(0, flags));
        plane.putListener(new ListenerKey(Protocol.UDP, new Endpoint(World.vip(family).address(), World.VIP_UDP_PORT)), listener(1, flags));
        plane.map("loom_mtus").update(Keys.of(World.IFINDEX), Keys.of(World.MTU), UpdateMode.ANY);
        mode(generic);
    }

    private static ListenerEntry listener(int number, ListenerEntry.Flag... flags) {
        return new ListenerEntry(number, LookupTable.Index.FLOW_HASH, Set.of(flags), 0, 1, 0);
    }

    private void mode(boolean generic) {
        plane.map("loom_offloads").update(Keys.of(World.IFINDEX), new OffloadEntry(0, 0, generic).encode(), UpdateMode.ANY);
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    private OffloadEntry counted() {
        return OffloadEntry.decode(plane.map("loom_offloads").lookup(Keys.of(World.IFINDEX)).orElseThrow());
    }

    private static Anatomy read(byte[] frame) {
        return Anatomy.read(frame).anatomy().orElseThrow();
    }

    private static byte[] unfinished(byte[] frame) {
        Anatomy packet = read(frame.clone());
        packet.put(packet.checkAt(), packet.pseudoSum());
        return packet.frame();
    }

    /** Its right checksum happens to be the sum of the pseudo-header: one packet in 65536 is such. */
    private static byte[] unlucky(byte[] frame) {
        Anatomy packet = read(unfinished(frame));
        int any = packet.l4() + (packet.protocol() == Anatomy.TCP ? 18 : 8); // urgent pointer, data
        packet.put(any, 0);
        int missing = 0xffff - packet.residue();
        packet.put(any, missing);
        assertEquals(Anatomy.Sum.RIGHT, packet.transportSum());
        return packet.frame();
    }

    private byte[] sent(byte[] frame, String verdict) {
        ScratchPlane.Outcome outcome = plane.run(frame);
        assertEquals(verdict, outcome.verdict());
        return outcome.frame();
    }

    private byte[] syn() {
        return FRAMES.request(family, "S", Balancer.CLIENT_PORT);
    }

    private byte[] datagram() {
        return FRAMES.datagram(family, Balancer.CLIENT_PORT);
    }

    /** An answer to the datagram. */
    private byte[] datagramBack() {
        Anatomy answer = read(FRAMES.answer(family, "SA", 20000));
        byte[] frame = Arrays.copyOf(answer.frame(), answer.l4() + 16);
        Anatomy made = new Anatomy(frame, answer.version(), Anatomy.UDP, answer.l3(), answer.l4(), frame.length);
        frame[made.l3() + (family == Family.IPV4 ? 9 : 6)] = Anatomy.UDP;
        made.put(made.l3() + (family == Family.IPV4 ? 2 : 4), family == Family.IPV4 ? made.length() : made.length() - 40);
        made.put(made.l4() + 4, 16);
        made.sumUp();
        return frame;
    }

    @ParameterizedTest
    @CsvSource({"IPV4, nat", "IPV6, nat", "IPV4, ipip", "IPV6, gue", "IPV4, l2", "IPV6, l2"})
    void inNativeModeFirstPacketsWithoutAChecksumAreCounted(Family of, String method) {
        open(of, method, false, Map.of());
        sent(syn(), "FORWARD");
        sent(unlucky(FRAMES.request(family, "S", 40001)), "FORWARD");
        sent(datagram(), "FORWARD");
        assertEquals(0, counted().unfinished(), "these have one");
        sent(unfinished(FRAMES.request(family, "S", 40002)), "FORWARD");
        assertEquals(1, counted().unfinished());
        sent(unfinished(FRAMES.datagram(family, 40003)), "FORWARD");
        assertEquals(2, counted().unfinished());
        plane.map("loom_offloads").delete(Keys.of(World.IFINDEX));
        sent(unfinished(FRAMES.request(family, "S", 40004)), "FORWARD");
    }

    /** These make no entry for a SYN. */
    @ParameterizedTest
    @CsvSource({"IPV4, DEFER", "IPV6, DEFER", "IPV4, MINIMAL", "IPV4, STATELESS"})
    void soAreThoseThatTheTableAloneSends(Family of, ListenerEntry.Flag flag) {
        open(of, "l2", false, flag);
        sent(syn(), "FORWARD");
        assertEquals(0, counted().unfinished());
        sent(unfinished(syn()), "FORWARD");
        sent(unfinished(datagram()), "FORWARD");
        assertEquals(2, counted().unfinished());
    }

    @ParameterizedTest
    @EnumSource
    void soAreAnswersOfBackends(Family of) {
        open(of, "nat", false);
        sent(syn(), "FORWARD");
        sent(FRAMES.answer(family, "SA", 20000), "REPLY");
        sent(datagram(), "FORWARD");
        sent(datagramBack(), "REPLY");
        assertEquals(0, counted().unfinished(), "these have one");
        sent(unfinished(FRAMES.answer(family, "SA", 20000)), "REPLY");
        assertEquals(1, counted().unfinished());
        sent(unfinished(datagramBack()), "REPLY");
        assertEquals(2, counted().unfinished());
    }

    /** The kernel knows how to go on with what is the host's own. */
    @ParameterizedTest
    @EnumSource
    void whatIsNotSentOnIsNoTrouble(Family of) {
        open(of, "nat", false);
        sent(unfinished(FRAMES.answer(family, "SA", 20000)), "PASS_NO_LISTENER");
        sent(unfinished(FRAMES.request(family, "A", 40001)), "PASS_OUT_OF_STATE");
        assertEquals(0, counted().unfinished());
    }

    /** Where the packet leaves, the kernel goes on from the sum of the pseudo-header that the packet has then. */
    @ParameterizedTest
    @EnumSource
    void inGenericModeNatLeavesTheKernelWhatItStartsFrom(Family of) {
        open(of, "nat", true);
        for (byte[] request : new byte[][] {syn(), datagram(), FRAMES.request(of, "A", Balancer.CLIENT_PORT), FRAMES.request(of, "PA", Balancer.CLIENT_PORT)}) {
            finishedLater(sent(unfinished(request), "FORWARD"));
            finished(sent(request, "FORWARD"));
            finished(sent(unlucky(request), "FORWARD"));
        }
        for (byte[] answer : new byte[][] {FRAMES.answer(of, "SA", 20000), datagramBack(), FRAMES.answer(of, "A", 20000)}) {
            finishedLater(sent(unfinished(answer), "REPLY"));
            finished(sent(answer, "REPLY"));
            finished(sent(unlucky(answer), "REPLY"));
        }
        assertEquals(new OffloadEntry(0, 0, true), counted());
    }

    /** The file allows generic mode, and native mode is in force. */
    @ParameterizedTest
    @EnumSource
    void anInterfaceInNativeModeIsCountedAlsoWhereOthersMayBeInGenericMode(Family of) {
        open(of, "nat", true);
        mode(false);
        sent(unfinished(syn()), "FORWARD");
        assertEquals(1, counted().unfinished());
        finished(sent(unlucky(FRAMES.request(of, "PA", Balancer.CLIENT_PORT)), "FORWARD"));
    }

    private static void finished(byte[] frame) {
        assertEquals(Anatomy.Sum.RIGHT, read(frame).transportSum());
    }

    private static void finishedLater(byte[] frame) {
        Anatomy packet = read(frame);
        assertEquals(packet.pseudoSum(), Anatomy.word(frame, packet.checkAt()));
        assertTrue(packet.headerIsRight());
    }

    private void refuse() {
        plane.map("loom_guards").update(Keys.of(0), new GuardEntry(Set.of(), 0, 0, 0, 0, 1).encode(), UpdateMode.ANY);
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(), 0, 0, 0));
    }

    /** The kernel goes on with the checksum of the packet that it has, whatever the program has made of it. */
    @ParameterizedTest
    @EnumSource
    void inGenericModeAResetIsOneThatTheKernelFinishes(Family of) {
        open(of, "nat", true);
        refuse();
        finishedLater(sent(unfinished(syn()), "REFUSED"));
        finished(sent(syn(), "REFUSED"));
    }

    @ParameterizedTest
    @CsvSource({"IPV4, true", "IPV6, true", "IPV4, false", "IPV6, false"})
    void anIcmpErrorIsRightWhenTheKernelHasFinishedWhatItQuotes(Family of, boolean tcp) {
        open(of, "nat", true);
        byte[] frame = tcp ? syn() : datagram();
        Anatomy request = read(frame);
        frame[request.l3() + (of == Family.IPV4 ? 8 : 7)] = 1;
        request.sumUpHeader();
        byte[] error = sent(unfinished(frame), "ICMP_ERROR");
        int quoted = request.l4() + error.length - frame.length;
        int check = quoted + request.checkAt() - request.l4();
        assertEquals(request.pseudoSum(), Anatomy.word(error, check));
        read(error).put(check, Anatomy.complement(error, quoted, error.length));
        finished(error);
        finished(sent(frame, "ICMP_ERROR"));
    }

    /** Several segments in one, as GRO and TSO make them: longer than the interface carries. */
    private byte[] segments(byte[] frame) {
        Anatomy one = read(frame);
        byte[] longer = Arrays.copyOf(frame, one.l3() + LARGE);
        Anatomy made = new Anatomy(longer, one.version(), one.protocol(), one.l3(), one.l4(), longer.length);
        made.put(one.l3() + (family == Family.IPV4 ? 2 : 4), family == Family.IPV4 ? LARGE : LARGE - 40);
        made.sumUpHeader();
        return unfinished(longer);
    }

    @ParameterizedTest
    @CsvSource({"IPV4, nat", "IPV6, nat", "IPV4, l2", "IPV6, l2"})
    void inGenericModeSeveralSegmentsInOneAreSentAsTheyAre(Family of, String method) {
        open(of, method, true);
        sent(syn(), "FORWARD");
        byte[] frame = sent(segments(FRAMES.request(of, "PA", Balancer.CLIENT_PORT)), "FORWARD");
        assertEquals(LARGE, read(frame).length());
        finishedLater(frame);
        assertEquals(0, counted().oversized());
    }

    @ParameterizedTest
    @CsvSource({"IPV4, ipip", "IPV6, ipip", "IPV4, gue", "IPV6, gue"})
    void thoseThatATunnelCannotTakeAreCounted(Family of, String method) {
        open(of, method, true);
        sent(syn(), "FORWARD");
        sent(segments(FRAMES.request(of, "PA", Balancer.CLIENT_PORT)), "ICMP_ERROR");
        assertEquals(1, counted().oversized());
    }
}
