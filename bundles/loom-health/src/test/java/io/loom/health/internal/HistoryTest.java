package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.HealthCheck;
import java.time.Duration;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class HistoryTest {
    private static final HealthCheck CHECK =
            new HealthCheck(Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3, OptionalInt.empty());

    private static History after(String results) {
        History history = History.UNKNOWN;
        for (char result : results.toCharArray()) {
            history = history.next(result == '+', CHECK);
        }
        return history;
    }

    @Test
    void theFirstResultCountsAtOnce() {
        assertTrue(after("+").up());
        assertFalse(after("-").up());
    }

    @Test
    void aServerFallsAfterThreeFailuresInARow() {
        assertTrue(after("+--").up());
        assertFalse(after("+---").up());
        assertTrue(after("+--+--").up());
    }

    @Test
    void aServerRisesAfterTwoSuccessesInARow() {
        assertFalse(after("-+").up());
        assertTrue(after("-++").up());
        assertFalse(after("-+-+").up());
    }

    @Test
    void silenceIsNoticedWithinIntervalTimesFallAndASecondAndLeavesSomeOfItForProbesThatBeginLate() {
        Duration allowed = Duration.ofSeconds(1).minus(Pace.SLACK);
        HealthCheck slow = new HealthCheck(Duration.ofSeconds(5), Duration.ofSeconds(2), 2, 3, OptionalInt.empty());
        History history = History.UNKNOWN.next(true, slow);
        Duration passed = slow.interval();
        for (int failure = 1; failure < slow.fall(); failure++) {
            history = history.next(false, slow);
            passed = passed.plus(Pace.next(slow, history, false, 0));
        }
        passed = passed.plus(slow.timeout());
        assertEquals(slow.interval().multipliedBy(slow.fall()).plus(allowed), passed);
    }

    @Test
    void onlyTheFirstPauseIsShortenedByChance() {
        History up = after("+");
        assertEquals(Duration.ofSeconds(1), Pace.next(CHECK, up, true, 1));
        assertEquals(CHECK.interval(), Pace.next(CHECK, up, true, 0));
        assertEquals(CHECK.interval(), Pace.next(CHECK, up, false, 1));
    }
}
