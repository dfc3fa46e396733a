package io.loom.datapath;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.libbpf.Kernel;
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
                SMALL.verdicts(), 1, SMALL.icmp(), wanted);
        assertEquals(pagesTaken * Kernel.pageBytes(), tuning.ringBytes());
    }
}
