package io.loom.datapath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.libbpf.Kernel;
import java.util.Collections;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TuningTest {
    private static final Tuning SMALL = Tuning.small(250);

    /** As the kernel wants it, which refuses any other. */
    @ParameterizedTest
    @CsvSource({"0, 1, 1", "1, 0, 1", "1, 1, 2", "3, 0, 4", "4, 0, 4", "4, 1, 8", "1024, 0, 1024"})
    void aRingIsAPowerOfTwoOfPages(int pages, int bytesMore, int pagesTaken) {
        int wanted = pages * Kernel.pageBytes() + bytesMore;
        Tuning tuning = new Tuning(SMALL.hz(), SMALL.timeouts(), SMALL.affinity(), 0, SMALL.backends(), SMALL.connections(),
                SMALL.verdicts(), 1, SMALL.icmp(), wanted, false, false);
        assertEquals(pagesTaken * Kernel.pageBytes(), tuning.ringBytes());
    }

    /** Whatever connections of the same vip may take, and an earlier program has left late. */
    @ParameterizedTest
    @CsvSource({"3, 300, 1, 3", "3, 300, 18, 3", "16, 300, 1, 16", "48, 300, 1, 50", "160, 3600, 30, 169", "300, 30, 1, 300", "3600, 3600, 1, 3629"})
    void anAffinityEndsWithinASixteenthOfItsOwn(int affinity, int connection, int late, int expiry) {
        Tuning tuning = new Tuning(SMALL.hz(), Collections.nCopies(6, connection), affinity, 0, SMALL.backends(), SMALL.connections(),
                SMALL.verdicts()).withLate(late);
        assertEquals(expiry, tuning.affinityExpiry());
        assertTrue(tuning.step() - 1 <= affinity / 16, "its clock is late by up to " + tuning.step());
    }
}
