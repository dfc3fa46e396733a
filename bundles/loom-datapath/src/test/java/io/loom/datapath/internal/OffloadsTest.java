package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Telemetry.OffloadCount;
import io.loom.datapath.internal.layout.OffloadEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OffloadsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final AttachmentView ETH0 = new AttachmentView("eth0", 5, "native", 1, "");
    private static final AttachmentView ETH1 = new AttachmentView("eth1", 6, "generic", 2, "");

    private final BpfMap map = BpfMap.create(MapType.HASH, "t_offloads", Integer.BYTES, 24, 16, 0);
    private final Offloads offloads = new Offloads(() -> Optional.of(map));
    private long clock = 7 * SECOND;

    @AfterEach
    void close() {
        map.close();
    }

    /** A second later. */
    private List<String> look(AttachmentView... attachments) {
        clock += SECOND;
        offloads.look(List.of(attachments), clock);
        return offloads.problems().stream().map(problem -> problem.code() + " " + problem.what()).toList();
    }

    private void count(int ifindex, long unfinished, long oversized, boolean generic) {
        map.update(Keys.of(ifindex), new OffloadEntry(unfinished, oversized, generic).encode(), UpdateMode.ANY);
    }

    private TreeMap<Integer, OffloadEntry> entries() {
        TreeMap<Integer, OffloadEntry> entries = new TreeMap<>();
        map.forEach((key, value) -> entries.put(Keys.number(key), OffloadEntry.decode(value)));
        return entries;
    }

    @Test
    void theProgramKnowsTheModeOfEachInterfaceThatHasIt() {
        look(ETH0, ETH1, new AttachmentView("eth2", 7, "none", 0, "it does not exist"));
        assertEquals(new TreeMap<>(Map.of(5, new OffloadEntry(0, 0, false), 6, new OffloadEntry(0, 0, true))), entries());
        count(5, 3, 0, false);
        look(new AttachmentView("eth0", 5, "generic", 1, ""));
        assertEquals(new TreeMap<>(Map.of(5, new OffloadEntry(0, 0, true))), entries(), "another mode counts anew; what is gone, is gone");
        look();
        assertEquals(new TreeMap<>(), entries());
    }

    @Test
    void anInterfaceIsNamedUntilNothingMoreOfTheKindHasComeForAWhile() {
        assertEquals(List.of(), look(ETH0, ETH1));
        count(5, 1, 0, false);
        String told = "LOOM-1276 packets come in on eth0 whose TCP or UDP checksum nobody has filled in: those that Loom sends on are dropped";
        assertEquals(List.of(told), look(ETH0, ETH1));
        assertTrue(offloads.problems().get(0).fix().contains("ethtool -K PEER tx off, where PEER is the other end of eth0"));
        IntStream.range(0, 19).forEach(second -> assertEquals(List.of(told), look(ETH0, ETH1), "after " + second + " s"));
        assertEquals(List.of(), look(ETH0, ETH1));
        count(5, 2, 0, false);
        assertEquals(List.of(told), look(ETH0, ETH1));
        assertEquals(List.of(), look(new AttachmentView("eth0", 5, "generic", 1, ""), ETH1), "there the kernel fills them in");
        assertEquals(List.of(), look(ETH0, ETH1));
        count(5, 1, 0, false);
        assertEquals(List.of(told), look(ETH0, ETH1));
        assertEquals(List.of(), look(ETH1), "it is Loom's no more");
        assertEquals(List.of(), look(ETH0, ETH1));
    }

    @Test
    void soIsOneWithSegmentsInOneThatATunnelCannotTake() {
        assertEquals(List.of(), look(ETH0, ETH1));
        count(6, 0, 9, true);
        assertEquals(List.of("LOOM-1277 packets come in on eth1 that are several segments in one, which cannot be sent through a tunnel"),
                look(ETH0, ETH1));
        assertTrue(offloads.problems().get(0).fix().startsWith("ethtool -K eth1 gro off"));
        assertEquals(List.of(new OffloadCount("eth0", 0, 0), new OffloadCount("eth1", 0, 9)), offloads.counts());
    }

    /** An earlier process may have counted a long time ago. */
    @Test
    void whatWasCountedBeforeIsNoTroubleNow() {
        count(5, 4, 4, false);
        assertEquals(List.of(), look(ETH0));
        assertEquals(List.of(new OffloadCount("eth0", 4, 4)), offloads.counts());
        count(5, 5, 4, false);
        assertEquals(1, look(ETH0).size());
    }

    @Test
    void aProgramOfAnEarlierVersionCountsNothing() {
        Offloads without = new Offloads(Optional::empty);
        without.look(List.of(ETH0), clock);
        assertEquals(List.of(), without.counts());
        assertEquals(List.of(), without.problems());
    }
}
