package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.net.ConnectException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One or two servers, to the millisecond: when probes begin, what is reported, and what is left of them. */
class ProbesTest {
    private static final HealthCheck CHECK = Rig.check(2_000, 1_000, 2, 3);

    private final Rig rig = new Rig(100);

    private Target only(HealthCheck check) {
        return rig.add("web", 1, 1, check).get(0);
    }

    @Test
    void aHealthyServerIsProbedOnceAnIntervalFromOnePointWithinTheFirst() {
        Target target = only(CHECK);
        rig.server(target).accepts(5 * Rig.MILLI, Rig.MILLI);
        rig.chance = 0.5;
        rig.obey();
        rig.run(10_000);
        assertEquals(List.of(0L, 1_500L, 3_500L, 5_500L, 7_500L, 9_500L), rig.begun(target));
        assertEquals(List.of(new Rig.Told(5, new Report(target, true, ""))), rig.told);
    }

    @Test
    void aSilentServerIsToldAfterTheWholeTimeoutAndOnce() {
        Target target = only(CHECK);
        rig.obey();
        rig.run(999);
        assertEquals(List.of(), rig.told);
        assertEquals(1, rig.network.open.size());
        rig.run(2);
        assertEquals(List.of(new Rig.Told(1_000, new Report(target, false,
                "no answer within 1000 ms (first probe of tcp 10.1.0.1:80)"))), rig.told);
        assertEquals(0, rig.network.open.size(), "the socket of a probe that failed is given back");
        rig.run(20_000);
        assertEquals(1, rig.told.size());
        assertEquals(List.of(0L, 2_000L, 4_000L), rig.begun(target).subList(0, 3));
    }

    @Test
    void aServerThatStopsToAnswerIsProbedALittleFasterSoThatItsTimeoutCostsNothing() {
        Target target = only(CHECK);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.obey();
        rig.run(2_500);
        rig.server(target).isSilent();
        rig.run(20_000);
        assertEquals(List.of(0L, 2_000L, 4_000L, 5_875L, 7_750L, 9_750L), rig.begun(target).subList(0, 6));
        assertEquals(8_750, rig.told.get(1).at());
        assertEquals("no answer within 1000 ms (3 of 3 probes of tcp 10.1.0.1:80)", rig.told.get(1).report().reason());
    }

    @Test
    void aRefusalCountsAtOnceAndItsSocketIsGivenBack() {
        Target target = only(CHECK);
        rig.server(target).refuses(3 * Rig.MILLI, new ConnectException("Connection refused"));
        rig.obey();
        rig.run(10);
        assertEquals(List.of(new Rig.Told(3, new Report(target, false,
                "connection refused (first probe of tcp 10.1.0.1:80)"))), rig.told);
        assertEquals(0, rig.network.open.size());
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.run(10_000);
        assertEquals(new Rig.Told(4_001, new Report(target, true, "")), rig.told.get(1));
    }

    @Test
    void aRefusalBeforeTheConnectionBeginsCountsToo() {
        Target target = only(CHECK);
        rig.server(target).cannotBegin(new ConnectException("Network is unreachable"));
        rig.obey();
        assertEquals(List.of(new Rig.Told(0, new Report(target, false,
                "network is unreachable (first probe of tcp 10.1.0.1:80)"))), rig.told);
        assertEquals(0, rig.network.open.size());
        assertEquals(List.of(), rig.problems());
        rig.run(600);
        assertEquals(0, rig.use("web").open());
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.run(10_000);
        assertEquals(4_001, rig.told.get(1).at());
    }

    @Test
    void theSocketIsGivenBackWhenTheServerHasSaidGoodbyeOrHadHalfASecond() {
        List<Target> two = rig.add("web", 1, 2, CHECK);
        rig.server(two.get(0)).accepts(Rig.MILLI, 20 * Rig.MILLI);
        rig.server(two.get(1)).accepts(Rig.MILLI, Long.MAX_VALUE);
        rig.obey();
        rig.run(15);
        assertEquals(2, rig.network.open.size(), "no reset for a server that has not finished");
        assertEquals(0, rig.use("web").open());
        rig.run(10);
        assertEquals(1, rig.network.open.size());
        rig.run(470);
        assertEquals(1, rig.network.open.size());
        rig.run(10);
        assertEquals(0, rig.network.open.size());
    }

    @Test
    void aServerWhoseConnectionBreaksAfterwardsIsUp() {
        Target target = only(CHECK);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.server(target).breaks();
        rig.obey();
        rig.run(10);
        assertEquals(List.of(new Rig.Told(1, new Report(target, true, ""))), rig.told);
        assertEquals(0, rig.network.open.size());
    }

    @Test
    void aRemovedServerIsProbedNoMoreAndLeavesNoSocket() {
        List<Target> three = rig.add("web", 1, 3, CHECK);
        rig.server(three.get(0)).accepts(Rig.MILLI, Rig.MILLI);
        Target other = rig.add("other", 2, 1, CHECK).get(0);
        rig.server(other).accepts(Rig.MILLI, Rig.MILLI);
        rig.obey();
        rig.run(100);
        assertEquals(2, rig.network.open.size(), "two silent ones");
        assertEquals(3, rig.use("web").servers());
        rig.targets.keySet().removeAll(three);
        rig.obey();
        assertEquals(0, rig.network.open.size());
        rig.run(10_000);
        three.forEach(target -> assertEquals(1, rig.begun(target).size()));
        assertEquals(6, rig.begun(other).size());
        assertEquals(1, rig.probes.tally().use().upstreams().size());
        assertEquals(2, rig.told.size(), "nothing is said of those who are gone");

        rig.targets.clear();
        rig.obey();
        rig.run(10_000);
        assertEquals(6, rig.begun(other).size());
        assertEquals(0, rig.probes.napMillis(), "nothing is left to be done");
        assertEquals(List.of(), rig.probes.tally().use().upstreams());
    }

    @Test
    void thePlacesOfRemovedServersAreFreeForTheOthersOfTheUpstream() {
        Rig narrow = new Rig(2);
        List<Target> four = narrow.add("web", 1, 4, Rig.check(10_000, 9_000, 2, 3));
        narrow.obey();
        narrow.run(600);
        assertEquals(2, narrow.use("web").open());
        assertEquals(2, narrow.use("web").waiting());
        narrow.targets.keySet().removeIf(target -> !narrow.begun(target).isEmpty());
        narrow.obey();
        narrow.run(600);
        assertEquals(2, narrow.use("web").open());
        assertEquals(0, narrow.use("web").waiting());
        four.forEach(target -> assertEquals(1, narrow.begun(target).size()));
    }

    @Test
    void serversComeAndGoInOneOrderAndAreCounted() {
        List<Target> three = rig.add("web", 1, 3, CHECK);
        rig.add("other", 2, 1, CHECK);
        rig.obey();
        rig.targets.remove(three.get(0));
        rig.targets.keySet().removeIf(target -> target.upstream().equals("other"));
        rig.add("web", 3, 2, CHECK);
        rig.add("third", 4, 1, CHECK);
        rig.obey();
        assertEquals(List.of("third 1", "web 4"), rig.probes.tally().use().upstreams().stream()
                .map(use -> use.upstream() + " " + use.servers()).toList());
        rig.run(500);
        assertEquals(List.of(), rig.begun(three.get(0)), "gone before its turn");
        assertEquals(5, rig.network.open.size(), "all are silent, and the probe of the one that has gone is over");
    }

    @Test
    void whoeverComesBackIsNew() {
        Target target = only(CHECK);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.obey();
        rig.run(100);
        rig.targets.clear();
        rig.obey();
        rig.targets.put(target, CHECK);
        rig.obey();
        rig.run(100);
        assertEquals(List.of(0L, 100L), rig.begun(target));
        assertEquals(2, rig.told.size());
    }

    @Test
    void oneThatWaitsForAPlaceCanBeRemovedToo() {
        Rig narrow = new Rig(1);
        List<Target> two = narrow.add("web", 1, 2, CHECK);
        narrow.obey();
        narrow.run(500);
        Target waits = two.stream().filter(target -> narrow.begun(target).isEmpty()).findFirst().orElseThrow();
        assertEquals(1, narrow.use("web").waiting());
        narrow.targets.remove(waits);
        narrow.obey();
        assertEquals(0, narrow.use("web").waiting());
        narrow.run(10_000);
        assertEquals(List.of(), narrow.begun(waits));
        assertEquals(1, narrow.told.size());
    }

    @Test
    void aProcessThatStoodStillTakesNobodyDownAndSaysSo() {
        List<Target> two = rig.add("web", 1, 2, Rig.check(2_000, 1_000, 2, 1));
        two.forEach(target -> rig.server(target).accepts(5 * Rig.MILLI, Rig.MILLI));
        rig.obey();
        rig.run(2_003);
        assertEquals(2, rig.begun(two.get(0)).size());
        rig.sleep(9_000);
        rig.probes.proceed();
        rig.run(100);
        assertTrue(rig.told.stream().allMatch(told -> told.report().up()), () -> rig.told.toString());
        assertEquals(List.of(0L, 2_000L, 11_003L), rig.begun(two.get(0)));
        rig.run(2_000);
        assertEquals(List.of(0L, 2_000L, 11_003L, 12_003L), rig.begun(two.get(0)), "half a pause is left");
        assertEquals(List.of("LOOM-3530 health checks of upstream web run up to 7.0 s late: the thread of the health checks did not get to"
                + " them in time; give loomd more of a processor"), rig.problems());
        rig.run(25_000);
        assertEquals(List.of(), rig.problems());
    }

    @Test
    void aListenerThatFailsIsAskedAgainNextTime() {
        Target target = only(CHECK);
        rig.probes.obey(Order.of(rig.targets, report -> {
            throw new IllegalStateException("a test's listener fails");
        }));
        rig.probes.proceed();
        rig.run(3_000);
        assertEquals(2, rig.begun(target).size());
        assertFalse(rig.probes.napMillis() == 0);
    }

    /** What a backend is, such as down or resolving, is not for probes to say. */
    @Test
    void theLogSaysWhatProbesFindInNoWordForAState() {
        Target target = only(CHECK);
        assertEquals("tcp 10.1.0.1:80 fails its health check: refused", Probes.words(new Report(target, false, "refused")));
        assertEquals("tcp 10.1.0.1:80 passes its health check", Probes.words(new Report(target, true, "")));
    }
}
