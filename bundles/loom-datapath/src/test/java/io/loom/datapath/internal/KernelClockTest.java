package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.datapath.Composer;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfObject;
import java.time.Duration;
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
            int hz = new KernelClock(object.program("loom_clock")).hz();
            assertTrue(List.of(100, 250, 300, 1000).contains(hz));
            assertEquals(hz, new KernelClock(object.program("loom_clock")).hz());
        }
    }

    @ParameterizedTest
    @CsvSource({"1000, 0, 1100, false", "1000, 0, 1101, true", "1000, 1, 1101, false", "-50, 0, 50, false", "-50, 0, 51, true",
        "1000, 0, 984, false", "1000, 0, 983, true", "1000, 0, 5000000, true"})
    void anEntryExpiresAfterTheTimeoutOfItsStateAlsoWhenTheClockWraps(int seen, int state, int now, boolean expired) {
        long word = new ConnectionWord(1, false, state, 0, 0, seen).encode();
        assertEquals(expired, ConnectionWord.expired(word, now, TIMEOUTS));
    }

    /** One that was reset (state 3 without both FINs) lasts as long as an established one, if it is assured. */
    @ParameterizedTest
    @CsvSource({"3, 0, true, 300, false", "3, 0, true, 301, true", "3, 1, true, 300, false", "3, 2, true, 300, false", "3, 3, true, 121, true",
        "3, 0, false, 121, true", "3, 0, false, 120, false", "2, 1, true, 61, true", "1, 0, true, 300, false", "1, 0, true, 301, true"})
    void aConnectionThatWasResetIsOverWithItsOwnTimeout(int state, int fins, boolean assured, int now, boolean over) {
        long word = new ConnectionWord(1, assured, state, fins, 0, 0).encode();
        assertEquals(over, ConnectionWord.over(word, now, new int[] {30, 300, 60, 120, 30, 300}));
    }

    /** Where both halves are seen, as the cookie tells. */
    @ParameterizedTest
    @CsvSource({"1, true, 7, 300, false", "2, true, 7, 61, false", "1, true, 7, 301, true", "1, true, 0, 61, true", "1, false, 7, 61, true"})
    void aConnectionThatGotOneFinIsOverWithItsOwnTimeout(int fins, boolean assured, int cookie, int now, boolean over) {
        long word = new ConnectionWord(1, assured, 2, fins, cookie, 0).encode();
        assertEquals(over, ConnectionWord.over(word, now, new int[] {30, 300, 60, 120, 30, 300}));
    }

    @ParameterizedTest
    @CsvSource({"100, 7", "250, 8", "300, 8", "1000, 10"})
    void aTickIsAboutASecond(int hz, int shift) {
        assertEquals(shift, Tuning.tickShift(hz));
    }

    @ParameterizedTest
    @CsvSource({"1, 250, 1", "30000, 250, 30", "30000, 100, 24", "1024, 250, 1", "1025, 250, 2", "604800000, 1000, 590625"})
    void timeoutsAreRoundedUpToTicks(long millis, int hz, int ticks) {
        assertEquals(ticks, Tuning.ticks(Duration.ofMillis(millis), hz));
    }
}
