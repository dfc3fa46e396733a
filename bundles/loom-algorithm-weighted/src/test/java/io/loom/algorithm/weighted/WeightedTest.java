package io.loom.algorithm.weighted;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.BackendSet.Member;
import io.loom.api.plugin.LookupTable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WeightedTest {

    private static int[] table(int size, int... weights) {
        BackendSet backends = new BackendSet(IntStream.range(0, weights.length)
                .mapToObj(i -> new Member(
                        new Endpoint(IpAddress.parse("10.0." + i / 250 + "." + (i % 250 + 1)).orElseThrow(), 80), weights[i]))
                .toList());
        LookupTable table = new Weighted().build(backends, size);
        assertEquals(LookupTable.Index.COUNTER, table.index());
        return table.slots();
    }

    private static long turns(int[] table, int backend) {
        return Arrays.stream(table).filter(entry -> entry == backend).count();
    }

    @Test
    void turnsAreInterleavedNotBundled() {
        assertArrayEquals(new int[] {0, 0, 1, 0}, table(65537, 300, 100));
        assertArrayEquals(new int[] {0, 2, 0, 1, 2, 0}, table(65537, 3, 1, 2));
    }

    @Test
    void equalWeightsNeedOneRoundOnly() {
        assertArrayEquals(new int[] {0, 1, 2}, table(65537, 100, 100, 100));
    }

    @Test
    void weightsThatDoNotFitAreRoundedAndNoneIsLost() {
        int[] table = table(1000, 65535, 1, 30000, 7);
        assertEquals(1000, table.length);
        assertEquals(1 + 996 * 65535L / 95543, turns(table, 0), 1);
        assertEquals(1, turns(table, 1));
        assertEquals(1 + 996 * 30000L / 95543, turns(table, 2), 1);
        assertEquals(1, turns(table, 3));
    }

    @Test
    void moreBackendsThanEntriesServesTheHeaviest() {
        assertArrayEquals(new int[] {1, 3}, table(2, 5, 9, 6, 8, 1));
    }

    @Test
    void withoutBackendsTheTableIsEmpty() {
        assertEquals(0, table(65537).length);
    }

    @Test
    void turnsAreTakenAsTheyFallDue() {
        Random random = new Random(11);
        for (int round = 0; round < 50; round++) {
            int[] shares = random.ints(1 + random.nextInt(300), 0, 1 + random.nextInt(900)).toArray();
            assertArrayEquals(sortedTurns(shares), Interleaving.of(shares), () -> Arrays.toString(shares));
        }
    }

    /** The definition itself: all turns, sorted by the moment at which they are due, then by backend. */
    private static int[] sortedTurns(int[] shares) {
        record Turn(int backend, long number, long of) {}
        Comparator<Turn> due = (a, b) -> Long.compare((2 * a.number + 1) * b.of, (2 * b.number + 1) * a.of);
        return IntStream.range(0, shares.length).boxed()
                .flatMap(backend -> IntStream.range(0, shares[backend])
                        .mapToObj(number -> new Turn(backend, number, shares[backend])))
                .sorted(due.thenComparing(Turn::backend))
                .mapToInt(Turn::backend).toArray();
    }

    @Test
    void inEveryStretchEachBackendHasItsShareGiveOrTakeTwo() {
        Random random = new Random(7);
        for (int round = 0; round < 50; round++) {
            int[] weights = random.ints(2 + random.nextInt(8), 1, 200).toArray();
            int[] table = table(65537, weights);
            long sum = Arrays.stream(weights).sum();
            for (int backend = 0; backend < weights.length; backend++) {
                long seen = 0;
                for (int i = 0; i < table.length; i++) {
                    seen += table[i] == backend ? 1 : 0;
                    double fair = (i + 1.0) * weights[backend] / sum;
                    assertTrue(Math.abs(seen - fair) <= 2, "backend " + backend + " at " + i + " of " + Arrays.toString(weights));
                }
            }
        }
    }
}
