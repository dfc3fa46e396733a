package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.datapath.Composer;
import io.loom.datapath.internal.layout.Age;
import io.loom.libbpf.BpfObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelClockTest {
    private static final int[] TIMEOUTS = {100, 200, 0, 0, 0, 0, 0, 0};

    @ParameterizedTest
    @CsvSource({"8, 100", "7, 100", "9, 100", "20, 250", "21, 250", "19, 250", "24, 300", "23, 300", "80, 1000"})
    void theRateIsTheNearestThatAKernelCanHave(long jiffies, int hz) {
        assertEquals(hz, KernelClock.hz(jiffies, 80_000_000));
    }

    /** Runs the real program: needs privilege. */
    @Test
    void thisKernelsClockIsMeasuredAlikeTwice() {
        try (BpfObject object = BpfObject.open("clock", Composer.object("nexthop"))) {
            object.load();
            KernelClock clock = new KernelClock(object.program("loom_clock"));
            int hz = clock.measureHz();
            assertTrue(List.of(100, 250, 300, 1000).contains(hz));
            assertEquals(hz, clock.measureHz());
        }
    }

    @ParameterizedTest
    @CsvSource({"1000, 0, 1100, false", "1000, 0, 1101, true", "1000, 1, 1101, false", "-50, 0, 50, false", "-50, 0, 51, true"})
    void anEntryExpiresAfterTheTimeoutOfItsStateAlsoWhenTheClockWraps(int seen, int state, int now, boolean expired) {
        assertEquals(expired, new Age(seen, state, 0).expired(now, TIMEOUTS));
    }
}
