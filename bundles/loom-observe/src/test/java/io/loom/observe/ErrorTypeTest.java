package io.loom.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Verdict;
import io.loom.api.control.Telemetry.VerdictCount;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ErrorTypeTest {
    @Test
    void everyDropOfTheCoreIsAnErrorOfItsOwnTypeExceptConnectionsThatFindNoRoom() {
        Set<ErrorType> seen = EnumSet.noneOf(ErrorType.class);
        for (Verdict verdict : EnumSet.complementOf(EnumSet.of(Verdict.REFUSED, Verdict.RESET, Verdict.DROP_BACKEND_DOWN))) {
            Optional<ErrorType> type = ErrorType.of(count(verdict.number(), "x", verdict.action()));
            boolean expected = verdict.action() == Verdict.Action.DROP && verdict != Verdict.DROP_CONNECTIONS_FULL;
            assertEquals(expected, type.isPresent(), verdict.name());
            type.ifPresent(error -> assertEquals(true, seen.add(error), error + " stands for two verdicts"));
        }
    }

    /** Whether its sender was told or not. */
    @Test
    void aPacketThatFindsNoBackendIsAnError() {
        for (Verdict verdict : EnumSet.of(Verdict.REFUSED, Verdict.DROP_NO_BACKEND, Verdict.RESET, Verdict.DROP_BACKEND_DOWN)) {
            assertEquals(Optional.of(ErrorType.NO_BACKEND), ErrorType.of(count(verdict.number(), "x", verdict.action())));
        }
    }

    @Test
    void dropsOfMethodsAreKnownByTheirReason() {
        assertEquals(Optional.of(ErrorType.PORTS_EXHAUSTED),
                ErrorType.of(count(129, "nat_drop_ports_exhausted", Verdict.Action.DROP)));
        assertEquals(Optional.of(ErrorType.METHOD), ErrorType.of(count(255, "ipip_drop_x", Verdict.Action.DROP)));
    }

    private static VerdictCount count(int number, String reason, Verdict.Action action) {
        return new VerdictCount(number, reason, action, 1, 1, 1);
    }
}
