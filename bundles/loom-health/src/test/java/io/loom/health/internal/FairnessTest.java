package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** However many servers of an upstream are silent, those of another are out and in when they should be. */
class FairnessTest {
    private static final HealthCheck CHECK = Rig.check(2_000, 1_000, 2, 3);

    private final Rig rig = new Rig(256);
    private final List<Target> bulk = rig.add("bulk", 1, 1_500, CHECK);
    private final List<Target> web = rig.add("web", 2, 2, CHECK);

    private void begin() {
        web.forEach(target -> rig.server(target).accepts(2 * Rig.MILLI, Rig.MILLI));
        rig.obey();
        rig.run(20_000);
    }

    /** Just after a probe that succeeded: the longest way until it is out. */
    private long die(Target target) {
        rig.run(1);
        int before = rig.begun(target).size();
        while (rig.begun(target).size() == before) {
            rig.run(1);
        }
        rig.run(3);
        rig.server(target).isSilent();
        return rig.now();
    }

    private Rig.Told lastOf(List<Target> targets) {
        return rig.told.stream().filter(told -> targets.contains(told.report().target())).reduce((one, next) -> next).orElseThrow();
    }

    @Test
    void silentServersOfOneUpstreamDelayNobodyElse() {
        begin();
        assertEquals(List.of(true), rig.toldOf(web.get(0)).stream().map(told -> told.report().up()).toList());
        long died = die(web.get(0));
        rig.run(8_000);
        Rig.Told down = rig.toldOf(web.get(0)).get(1);
        assertFalse(down.report().up());
        assertEquals("no answer within 1000 ms (3 of 3 probes of tcp 10.2.0.1:80)", down.report().reason());
        long took = down.at() - died;
        assertTrue(took <= 3 * 2_000 + 1_000, "out after " + took);
        assertTrue(took > 2 * 1_800 + 1_000, "three probes, each with its whole timeout: " + took);
        assertEquals(1, rig.toldOf(web.get(1)).size(), "the other one stays up");

        rig.server(web.get(0)).accepts(2 * Rig.MILLI, Rig.MILLI);
        long back = rig.now();
        rig.run(8_000);
        Rig.Told up = rig.toldOf(web.get(0)).get(2);
        assertTrue(up.report().up());
        assertEquals("", up.report().reason());
        assertTrue(up.at() - back <= 2 * 2_000 + 250 && up.at() - back > 1_000, "in after " + (up.at() - back));
    }

    /** All are taken within a moment, and none is given back for 9 s: what is left must be the others'. */
    @Test
    void placesThatAreHeldForLongAreNotThoseOfOthers() {
        bulk.forEach(target -> rig.targets.put(target, Rig.check(10_000, 9_000, 2, 3)));
        begin();
        for (int death = 1; death <= 4; death++) {
            long died = die(web.get(death % 2));
            rig.run(8_000);
            Rig.Told down = lastOf(web);
            assertEquals(web.get(death % 2), down.report().target());
            assertTrue(!down.report().up() && down.at() - died <= 7_000 && down.at() - died > 4_600, "out after " + (down.at() - died));
            rig.server(web.get(death % 2)).accepts(2 * Rig.MILLI, Rig.MILLI);
            rig.run(8_000);
        }
        assertTrue(rig.use("web").lateNanos() < 2 * Rig.MILLI, () -> rig.use("web").toString());
    }

    @Test
    void whoeverIsLateIsToldAsLongAsItIs() {
        begin();
        assertEquals(256, rig.probes.tally().use().places());
        assertEquals(1_500, rig.use("bulk").servers());
        assertEquals(2, rig.use("web").servers());
        assertTrue(rig.use("bulk").open() >= 250 && rig.use("bulk").open() <= 254, () -> rig.use("bulk").toString());
        assertTrue(rig.use("bulk").waiting() > 500, () -> rig.use("bulk").toString());
        assertEquals(0, rig.use("web").waiting());
        assertTrue(rig.use("bulk").lateNanos() > 1_000 * Rig.MILLI, () -> rig.use("bulk").toString());
        assertTrue(rig.use("web").lateNanos() < 2 * Rig.MILLI, () -> rig.use("web").toString());
        assertTrue(rig.network.mostOpen <= 256, () -> rig.network.mostOpen + " sockets");

        assertEquals(1, rig.problems().size());
        String late = rig.problems().get(0);
        assertTrue(late.matches("LOOM-3530 health checks of upstream bulk run up to [0-9]+\\.[0-9] s late: all 256 places for connections that"
                + " are being opened are taken, 25[0-4] of them by upstream bulk with its 1500 servers; let loomd have more open files"
                + " \\(LimitNOFILE, ulimit -n\\): half of them are places; or give that upstream a longer interval or a shorter timeout"), late);

        rig.files = 8_000;
        rig.run(12_000);
        assertEquals(4_000, rig.probes.tally().use().places());
        assertEquals(1, rig.problems().size(), "what was late is told for some seconds");
        rig.run(14_000);
        assertEquals(List.of(), rig.problems());
        assertTrue(rig.use("bulk").lateNanos() < 2 * Rig.MILLI, () -> rig.use("bulk").toString());
        assertEquals(0, rig.use("bulk").waiting());
    }

    @Test
    void whatMadeOthersLateMayBeNamedBeside() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            names.add("other" + i);
            rig.add("other" + i, 10 + i, 300, CHECK);
        }
        rig.targets.keySet().removeAll(web);
        rig.obey();
        rig.run(20_000);
        assertEquals(1, rig.problems().size());
        String late = rig.problems().get(0);
        assertTrue(late.contains(" and of 3 more run up to "), late);
        assertTrue(late.contains(" s late: all 256 places "), late);
        assertEquals(List.of("bulk", "other0", "other1", "other2", "other3", "other4", "other5", "other6"),
                rig.probes.tally().use().upstreams().stream().map(use -> use.upstream()).toList());
        long open = rig.probes.tally().use().upstreams().stream().mapToInt(use -> use.open()).sum();
        assertEquals(256, open, "no place is idle while somebody waits");
        names.forEach(name -> assertEquals(32, rig.use(name).open(), 2, () -> rig.use(name).toString()));
    }

    @Test
    void theLatestIsNamedFirst() {
        Rig narrow = new Rig(8);
        narrow.add("a", 1, 20, CHECK);
        narrow.add("b", 2, 60, CHECK);
        narrow.add("c", 3, 40, CHECK);
        narrow.obey();
        narrow.run(60_000);
        assertEquals(1, narrow.problems().size());
        assertTrue(narrow.problems().get(0).startsWith("LOOM-3530 health checks of upstream b, c, a run up to "), () -> narrow.problems().get(0));
        assertTrue(narrow.use("b").lateNanos() > narrow.use("c").lateNanos() && narrow.use("c").lateNanos() > narrow.use("a").lateNanos());
    }

    @Test
    void aSmallUpstreamIsProbedBetweenMoreUpstreamsThanThereArePlaces() {
        Rig narrow = new Rig(10);
        for (int i = 0; i < 40; i++) {
            narrow.add("u" + i, 20 + i, 1, CHECK);
        }
        narrow.obey();
        narrow.run(60_000);
        Map<String, Integer> probes = new HashMap<>();
        narrow.targets.keySet().forEach(target -> probes.put(target.upstream(), narrow.begun(target).size()));
        int least = probes.values().stream().min(Integer::compare).orElseThrow();
        int most = probes.values().stream().max(Integer::compare).orElseThrow();
        assertTrue(least >= 13 && most <= 16, () -> "10 places, 60 s, 40 servers: 15 probes each, not " + probes);
        assertEquals(10, narrow.network.mostOpen);
    }

    @Tag("size")
    @Test
    void tenThousandSilentServersAreAllOutInTimeAndNobodyIsLate() {
        Rig wide = new Rig(20_000);
        Map<String, List<Target>> all = new HashMap<>();
        all.put("bulk", wide.add("bulk", 100, 9_000, CHECK));
        for (int i = 0; i < 10; i++) {
            all.put("u" + i, wide.add("u" + i, 150 + i, 100, CHECK));
        }
        wide.targets.keySet().forEach(target -> wide.server(target).accepts(Rig.MILLI, Rig.MILLI));
        wide.obey();
        wide.run(10_000);
        assertEquals(10_000, wide.told.size());
        assertTrue(wide.told.stream().allMatch(told -> told.report().up()));
        wide.targets.keySet().forEach(target -> wide.server(target).isSilent());
        wide.run(7_100);
        List<Rig.Told> down = wide.told.subList(10_000, wide.told.size());
        assertEquals(10_000, down.size());
        assertTrue(down.stream().allMatch(told -> !told.report().up() && told.at() - 10_000 <= 7_001 && told.at() - 10_000 > 4_000));
        assertEquals(List.of(), wide.problems());
        assertTrue(wide.probes.tally().use().upstreams().stream().allMatch(use -> use.lateNanos() < 2 * Rig.MILLI));
        assertEquals(11, wide.probes.tally().use().upstreams().size());
    }

    @Test
    void theFirstOfAllAtOnceTheOthersWithinASecondAndASmallUpstreamAmongTheFirst() {
        rig.files = 100_000;
        rig.obey();
        assertEquals(1, rig.network.open.size());
        rig.run(1_100);
        Map<Long, Long> inAMillisecond = new HashMap<>(rig.targets.keySet().stream()
                .collect(Collectors.groupingBy(target -> rig.begun(target).get(0), Collectors.counting())));
        assertEquals(1_502, inAMillisecond.values().stream().mapToLong(Long::longValue).sum());
        assertTrue(inAMillisecond.values().stream().allMatch(count -> count <= 4), inAMillisecond::toString);
        assertTrue(web.stream().allMatch(target -> rig.begun(target).get(0) <= 5), () -> rig.begun(web.get(1)).toString());
        long last = bulk.stream().mapToLong(target -> rig.begun(target).get(0)).max().orElseThrow();
        assertTrue(last <= 1_001 && last > 800, "the last one after " + last);
    }
}
