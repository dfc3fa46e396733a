package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Algorithms are anybody's code: nothing that they do may put a wrong table into the kernel. */
class TableBuilderTest {
    private static final BackendSet TWO = new BackendSet(
            List.of(new BackendSet.Member(TestHost.FIRST, 1), new BackendSet.Member(TestHost.SECOND, 1)));

    private static LookupTable table(int... slots) {
        return new LookupTable(LookupTable.Index.FLOW_HASH, slots);
    }

    private static LookupTable build(BackendSet backends, Supplier<LookupTable> result) {
        Algorithm algorithm = new Algorithm() {
            @Override
            public String name() {
                return "theirs";
            }

            @Override
            public LookupTable build(BackendSet ignored, int size) {
                return result.get();
            }
        };
        return TableBuilder.build(algorithm, backends, 3);
    }

    private static String refusal(Supplier<LookupTable> result) {
        return assertThrows(Unfit.class, () -> build(TWO, result)).toString();
    }

    @Test
    void aTableForTheseBackendsIsTaken() {
        assertArrayEquals(new int[] {0, 1, 0}, build(TWO, () -> table(0, 1, 0)).slots());
        assertEquals(0, build(new BackendSet(List.of()), () -> table()).slots().length);
    }

    @Test
    void aTableOfAnotherSizeIsNot() {
        assertTrue(refusal(() -> table(0, 1)).contains("2 entries, not 3"));
        assertTrue(refusal(() -> table()).contains("0 entries"));
    }

    /** A copy of it would take the memory that others need. */
    @Test
    void oneThatIsFarTooLargeIsNotEvenCopied() {
        int[] huge = new int[4_000_000];
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertTrue(refusal(() -> table(huge)).contains("4000000 entries, not 3"));
        long taken = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        assertTrue(taken > 0 && taken < 4L * huge.length, taken + " bytes");
    }

    @Test
    void aTableOfTurnsIsAsLongAsItsRound() {
        assertArrayEquals(new int[] {0, 1}, build(TWO, () -> turns(0, 1)).slots());
        assertTrue(refusal(() -> turns()).contains("0 entries"));
        assertTrue(refusal(() -> turns(0, 1, 0, 1)).contains("4 entries, not 1 to 3"));
    }

    private static LookupTable turns(int... slots) {
        return new LookupTable(LookupTable.Index.COUNTER, slots);
    }

    @Test
    void aBackendThatIsNotThereIsNot() {
        assertTrue(refusal(() -> table(0, 1, 2)).contains("names backend 2"));
        assertTrue(refusal(() -> table(0, 1, -1)).contains("names backend -1"));
    }

    @Test
    void nothingIsNot() {
        assertTrue(refusal(() -> null).contains("no table"));
        assertTrue(refusal(() -> new LookupTable(LookupTable.Index.FLOW_HASH, null)).contains("no table"));
    }

    @Test
    void itHasNoHoldOfTheTableAfterwards() {
        int[] theirs = {0, 1, 0};
        LookupTable ours = build(TWO, () -> table(theirs));
        theirs[0] = 77;
        assertArrayEquals(new int[] {0, 1, 0}, ours.slots());
    }
}
