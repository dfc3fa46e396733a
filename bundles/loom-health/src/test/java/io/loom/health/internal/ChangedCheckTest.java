package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What becomes of probes whose check is another one in the next order. */
class ChangedCheckTest {
    private static final HealthCheck CHECK = Rig.check(2_000, 1_000, 2, 3);

    private final Rig rig = new Rig(100);

    private Target only(HealthCheck check) {
        return rig.add("web", 1, 1, check).get(0);
    }

    private void replace(HealthCheck check) {
        rig.targets.replaceAll((target, old) -> check);
        rig.obey();
    }

    @Test
    void anotherIntervalHoldsAtOnce() {
        Target target = only(Rig.check(3_600_000, 1_000, 2, 3));
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.obey();
        rig.run(300);
        replace(Rig.check(500, 400, 2, 3));
        rig.run(1_000);
        assertEquals(List.of(0L, 500L, 1_000L), rig.begun(target), "counted from the last probe");
        replace(Rig.check(60_000, 400, 2, 3));
        rig.run(50_000);
        assertEquals(3, rig.begun(target).size());
        replace(Rig.check(1_000, 400, 2, 3));
        assertEquals(List.of(0L, 500L, 1_000L, 51_300L), rig.begun(target), "that is over, so now");
        assertEquals(1, rig.told.size(), "the history stays");
    }

    @Test
    void anotherIntervalNeverMakesTwoProbesAtATime() {
        Rig narrow = new Rig(1);
        List<Target> two = narrow.add("web", 1, 2, Rig.check(60_000, 5_000, 2, 3));
        narrow.obey();
        narrow.run(1_000);
        narrow.targets.replaceAll((target, old) -> Rig.check(6_000, 5_000, 2, 3));
        narrow.obey();
        narrow.run(10_900);
        assertEquals(List.of(0L, 10_000L), narrow.begun(two.get(0)));
        assertEquals(List.of(5_000L), narrow.begun(two.get(1)));
    }

    @Test
    void countingIsNoMoreWorkHoweverOftenTheOrderChanges() {
        Target target = only(CHECK);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.obey();
        for (int i = 0; i < 50; i++) {
            rig.obey();
            rig.run(7);
        }
        rig.rounds = 0;
        rig.run(10_000);
        assertTrue(rig.rounds < 60, () -> rig.rounds + " rounds for 5 probes and 20 counts");
    }

    @Test
    void anotherTimeoutRiseOrFallHoldsFromTheNextProbe() {
        Target target = only(CHECK);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.obey();
        rig.run(100);
        replace(Rig.check(2_000, 200, 1, 1));
        rig.server(target).isSilent();
        rig.run(2_200);
        assertEquals(List.of(0L, 2_000L), rig.begun(target));
        assertEquals(new Rig.Told(2_200, new Report(target, false,
                "no answer within 200 ms (1 of 1 probes of tcp 10.1.0.1:80)")), rig.told.get(1));
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.run(2_000);
        assertEquals(new Rig.Told(4_001, new Report(target, true, "")), rig.told.get(2));
    }

    @Test
    void anotherPortIsProbedAtOnceAndTheOldOneNoMore() {
        Target target = only(CHECK);
        rig.obey();
        rig.run(500);
        HealthCheck elsewhere = new HealthCheck(Duration.ofMillis(2_000), Duration.ofMillis(1_000), 2, 3, OptionalInt.of(81));
        Target moved = new Target("web", new Endpoint(target.endpoint().address(), 81));
        rig.server(moved).refuses(Rig.MILLI, new ConnectException("Connection refused"));
        replace(elsewhere);
        assertEquals(1, rig.network.open.size(), "the attempt at the old port is over");
        rig.run(4_500);
        assertEquals(List.of(500L, 2_500L, 4_500L), rig.begun(moved));
        assertEquals(List.of(0L), rig.begun(target));
        assertEquals(List.of(new Rig.Told(501, new Report(target, false,
                "connection refused (first probe of tcp 10.1.0.1:81)"))), rig.told);
        replace(CHECK);
        assertEquals(List.of(0L, 5_000L), rig.begun(target), "also between two probes");
    }

    @Test
    void theSameOrderAgainChangesNothing() {
        Target target = only(CHECK);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.obey();
        for (int i = 0; i < 20; i++) {
            rig.run(300);
            rig.obey();
        }
        assertEquals(List.of(0L, 2_000L, 4_000L, 6_000L), rig.begun(target));
    }
}
