package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Verdict;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Frames of one seed through a program and maps of their own; what the program counts is compared with what was seen. */
final class FuzzRound {
    private static final int BATCH = 5000;
    private static final HexFormat HEX = HexFormat.of();

    private final Composition composition;
    private final long seed;
    private final List<FuzzWorld.Vip> vips = FuzzWorld.vips();
    private final FuzzJudge judge = new FuzzJudge(vips);

    /** What must be found in the program's counters. */
    private final Map<Integer, long[]> byAction = new TreeMap<>();
    private long bytesIn;
    private long bytesOut;

    FuzzRound(Composition composition, long seed) {
        this.composition = composition;
        this.seed = seed;
    }

    /** Returns packets by verdict. */
    Map<Integer, Long> run(int packets) throws IOException {
        FuzzFrames frames = new FuzzFrames(seed, vips);
        try (ScratchPlane plane = FuzzWorld.open(composition, vips); Poison poison = new Poison(plane.program());
                BpfProgram program = poison.program()) {
            for (int i = 0; i < packets; i++) {
                run(i, frames.next(judge.replies()), program);
                if (i % BATCH == BATCH - 1) {
                    assertCounted(plane, "after packet " + i + " of seed " + seed);
                }
            }
            assertCounted(plane, "at the end of seed " + seed);
            assertTrue(judge.fragments() > packets / 100, "fragments: " + judge.fragments());
            assertTrue(judge.errors().stream().allMatch(sent -> sent > packets / 1000), "ICMP errors: " + judge.errors());
            Map<Integer, Long> counts = new TreeMap<>();
            verdicts(plane).forEach((verdict, count) -> counts.put(verdict, count.packets()));
            return counts;
        }
    }

    private void run(int index, byte[] frame, BpfProgram program) {
        BpfProgram.TestRun run = program.testRun(frame, 1);
        try {
            judge.judge(frame, run.result(), run.frame());
        } catch (RuntimeException | AssertionError wrong) {
            throw new AssertionError("packet " + index + " of seed " + seed + ": " + HEX.formatHex(frame) + " became "
                    + HEX.formatHex(run.frame()) + ", XDP action " + run.result(), wrong);
        }
        byAction.computeIfAbsent(run.result(), fresh -> new long[1])[0]++;
        bytesIn += frame.length;
        bytesOut += run.result() == FuzzJudge.XDP_TX ? run.frame().length : 0;
    }

    private static Map<Integer, VerdictCount> verdicts(ScratchPlane plane) {
        Map<Integer, VerdictCount> counts = new TreeMap<>();
        plane.map("loom_verdicts").forEach((key, value) -> {
            VerdictCount count = VerdictCount.sum(value);
            if (count.packets() > 0) {
                counts.put(Keys.number(key), count);
            }
        });
        return counts;
    }

    private void assertCounted(ScratchPlane plane, String when) {
        Map<Integer, Long> found = new TreeMap<>();
        long in = 0;
        long out = 0;
        for (Map.Entry<Integer, VerdictCount> entry : verdicts(plane).entrySet()) {
            int verdict = entry.getKey();
            assertTrue(composition.verdictName(verdict).isPresent(), () -> "a verdict without a name, " + verdict + ", " + when);
            found.merge(action(verdict), entry.getValue().packets(), Long::sum);
            in += entry.getValue().bytesIn();
            out += entry.getValue().bytesOut();
        }
        byAction.forEach((action, count) -> assertEquals(count[0], found.get(action), "XDP action " + action + " " + when));
        assertEquals(byAction.keySet(), found.keySet(), when);
        assertEquals(bytesIn, in, "bytes that came in " + when);
        assertEquals(bytesOut, out, "bytes that left " + when);
        judge.forwarded().forEach((listener, packets) -> assertEquals(packets,
                FlowCount.sum(plane.map("loom_lstats").lookup(Keys.of(listener)).orElseThrow()).packets(), when));
    }

    private static int action(int verdict) {
        if (verdict < Verdict.PASS_NOT_IP.number()) {
            return FuzzJudge.XDP_TX;
        }
        boolean pass = verdict >= Verdict.PASS_NOT_IP.number() && verdict < Verdict.DROP_TRUNCATED.number();
        return pass ? FuzzJudge.XDP_PASS : FuzzJudge.XDP_DROP;
    }
}
