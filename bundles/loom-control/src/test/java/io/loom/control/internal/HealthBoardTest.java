package io.loom.control.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import io.loom.api.control.HealthReports.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whom it tells what is to be probed. */
class HealthBoardTest {
    private static final Map<Target, HealthCheck> WANTED = Map.of(new Target("default", Fixtures.endpoint("10.0.0.1")), Fixtures.CHECK);

    private final HealthBoard board = new HealthBoard(() -> {});
    private final List<Set<Target>> told = new ArrayList<>();
    private boolean fails;
    private final HealthReports probes = (targets, listener) -> {
        if (fails) {
            throw new IllegalStateException("no thread");
        }
        told.add(targets.keySet());
    };

    /** Each round asks; nothing else would. */
    @Test
    void probesThatCouldNotBeToldAreToldAgainAndOthersOnce() {
        board.bind(probes);
        fails = true;
        assertThrows(IllegalStateException.class, () -> board.watch(WANTED));
        fails = false;
        board.watch(WANTED);
        board.watch(WANTED);
        assertEquals(List.of(WANTED.keySet()), told);
        board.unbind(probes);
        board.watch(WANTED);
        board.bind(probes);
        board.watch(WANTED);
        assertEquals(List.of(WANTED.keySet(), WANTED.keySet()), told);
    }
}
