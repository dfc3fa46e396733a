package io.loom.datapath;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.libbpf.Kernel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TuningTest {
    private static final Tuning SMALL = Tuning.small(250);

    /** As the kernel wants it, which refuses any other. */
    @ParameterizedTest
    @CsvSource({"1, 1", "4096, 1", "4097, 2", "12288, 4", "16384, 4", "16385, 8", "268435456, 65536"})
    void aRingIsAPowerOfTwoOfPages(int wanted, int pagesOfFourKibibytes) {
        if (Kernel.pageBytes() == 4096) {
            Tuning tuning = new Tuning(SMALL.hz(), SMALL.timeouts(), SMALL.affinity(), 0, SMALL.backends(), SMALL.connections(),
                    SMALL.verdicts(), 1, SMALL.icmp(), wanted);
            assertEquals(pagesOfFourKibibytes * 4096, tuning.ringBytes());
        }
    }
}
