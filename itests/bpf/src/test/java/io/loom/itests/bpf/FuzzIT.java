package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Verdict;
import io.loom.datapath.Composition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * A million frames, sound and unsound, through the linked program in poisoned headroom; ten million under {@code --full}. They
 * run in rounds, two at a time, each with a seed, a program and maps of its own. {@code -Dloom.fuzz.seed=N} tries others than
 * each night's, {@code -Dloom.fuzz.packets=N} more or less; a failure names the round's seed and the frame, and with that seed
 * it is the first round.
 */
class FuzzIT {
    private static final long SEED = Long.getLong("loom.fuzz.seed", 20261122L);
    private static final int PACKETS = Integer.getInteger("loom.fuzz.packets", Scale.times(1_000_000, 10_000_000));
    private static final int ROUND = 250_000;
    private static final int THREADS = 2;

    private final Composition composition = FuzzWorld.composition();

    @Test
    void noFrameIsTreatedWrongly() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        Map<Integer, Long> counts = new TreeMap<>();
        try {
            List<Future<Map<Integer, Long>>> rounds = new ArrayList<>();
            for (int begun = 0; begun < PACKETS; begun += ROUND) {
                FuzzRound round = new FuzzRound(composition, SEED + rounds.size());
                int packets = Math.min(ROUND, PACKETS - begun);
                rounds.add(threads.submit(() -> round.run(packets)));
            }
            for (Future<Map<Integer, Long>> round : rounds) {
                round.get().forEach((verdict, packets) -> counts.merge(verdict, packets, Long::sum));
            }
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof AssertionError wrong) {
                throw wrong;
            }
            throw failed;
        } finally {
            threads.shutdownNow();
        }
        assertEverythingHappened(counts);
    }

    /** A fuzzer that meets no reply, or none of the drops, proves nothing about them. */
    private void assertEverythingHappened(Map<Integer, Long> counts) {
        for (Verdict verdict : List.of(
                Verdict.FORWARD, Verdict.REPLY, Verdict.ICMP_ERROR, Verdict.PASS_NOT_IP, Verdict.PASS_OTHER_PROTOCOL, Verdict.PASS_NO_LISTENER,
                Verdict.PASS_FRAGMENT, Verdict.PASS_EXTENSION_HEADER, Verdict.PASS_OUT_OF_STATE, Verdict.PASS_OTHER_STATION, Verdict.PASS_UNRELATED,
                Verdict.DROP_TRUNCATED, Verdict.DROP_BAD_LENGTH, Verdict.DROP_BAD_CHECKSUM, Verdict.DROP_TOO_BIG,
                Verdict.DROP_TTL, Verdict.PASS_SOURCE_ROUTED, Verdict.DROP_MARTIAN, Verdict.DROP_LINK_BROADCAST,
                Verdict.DROP_FRAGMENT_TINY, Verdict.DROP_FRAGMENT_OVERLAP, Verdict.DROP_FRAGMENT_LENGTH,
                Verdict.DROP_FRAGMENT_UNKNOWN)) {
            assertTrue(counts.containsKey(verdict.number()), () -> "no frame was " + verdict + " of seed " + SEED);
        }
        assertTrue(!counts.containsKey(Verdict.DROP_INTERNAL.number()), () -> "the program failed: " + counts);
        StringBuilder line = new StringBuilder("  [FuzzIT] " + PACKETS + " packets, seed " + SEED + ":");
        counts.forEach((verdict, count) -> line.append(' ').append(composition.verdictName(verdict).orElseThrow()).append(' ').append(count));
        System.out.println(line);
    }
}
