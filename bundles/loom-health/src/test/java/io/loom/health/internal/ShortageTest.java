package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Target;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the host lacks is told as such, takes no server down, and is over when it is over. */
class ShortageTest {
    private static final HealthCheck CHECK = Rig.check(2_000, 1_000, 2, 3);

    private final Rig rig = new Rig(1_000);

    private static String lacks(String endpoint, String reason, String fix) {
        return "LOOM-3531 this host cannot open connections for health checks, such as to tcp " + endpoint + ": " + reason
                + "; servers keep their state meanwhile; " + fix;
    }

    @Test
    void withoutADescriptorNobodyGoesDownAndNoUpstreamHasThemAll() {
        List<Target> bulk = rig.add("bulk", 1, 300, CHECK);
        Target web = rig.add("web", 2, 1, CHECK).get(0);
        rig.targets.keySet().forEach(target -> rig.server(target).accepts(Rig.MILLI, 10 * Rig.MILLI));
        rig.obey();
        rig.run(5_000);
        assertEquals(301, rig.told.size());
        rig.network.descriptors = 40;
        bulk.forEach(target -> rig.server(target).isSilent());
        rig.run(10_000);
        assertTrue(rig.toldOf(web).size() == 1 && rig.begun(web).size() >= 7, () -> rig.begun(web).toString());
        assertTrue(rig.use("web").lateNanos() < 1_100 * Rig.MILLI, () -> rig.use("web").toString());
        assertEquals(40, rig.probes.tally().use().places());
        assertTrue(rig.told.stream().skip(301).allMatch(told -> told.report().reason().startsWith("no answer within 1000 ms (3 of 3")));
        assertEquals(2, rig.problems().size(), () -> rig.problems().toString());
        assertTrue(rig.problems().get(0).matches("LOOM-3530 health checks of upstream bulk.* run up to .* s late: all 40 places .*"),
                () -> rig.problems().get(0));
        assertTrue(rig.problems().get(1).matches(lacks("10\\.[0-9.]+:80", "too many open files",
                "let loomd have more open files \\(LimitNOFILE, ulimit -n\\)")), () -> rig.problems().get(1));

        rig.network.descriptors = Integer.MAX_VALUE;
        rig.run(1_000);
        assertTrue(rig.problems().stream().anyMatch(problem -> problem.startsWith("LOOM-3531")), () -> rig.problems().toString());
        rig.run(15_000);
        assertTrue(rig.problems().stream().noneMatch(problem -> problem.startsWith("LOOM-3531")), () -> rig.problems().toString());
        assertEquals(1_000, rig.probes.tally().use().places());
        rig.run(20_000);
        assertEquals(List.of(), rig.problems());
        assertEquals(1, rig.toldOf(web).size());
    }

    @Test
    void socketsThatOnlyWaitForAGoodbyeGiveWay() {
        Rig narrow = new Rig(10);
        narrow.add("web", 1, 40, CHECK).forEach(target -> narrow.server(target).accepts(Rig.MILLI, Long.MAX_VALUE));
        narrow.obey();
        narrow.run(1_000);
        assertEquals(40, narrow.told.size());
        assertEquals(10, narrow.network.mostOpen);

        Rig poor = new Rig(100);
        poor.network.descriptors = 10;
        poor.add("web", 1, 40, CHECK).forEach(target -> poor.server(target).accepts(Rig.MILLI, Long.MAX_VALUE));
        poor.obey();
        poor.run(1_000);
        assertEquals(40, poor.told.size());
        assertTrue(poor.told.stream().allMatch(told -> told.report().up()));
    }

    @Test
    void withoutAnyDescriptorItIsTriedAgainTenTimesASecond() {
        Target target = rig.add("web", 1, 1, CHECK).get(0);
        rig.network.descriptors = 0;
        rig.obey();
        rig.run(950);
        assertEquals(1, rig.use("web").waiting());
        assertEquals(500 * Rig.MILLI, rig.use("web").lateNanos(), "as of the last count, though it has not begun");
        assertEquals(1, rig.probes.tally().use().places());
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.network.descriptors = 1;
        rig.run(100);
        assertEquals(List.of(1_000L), rig.begun(target));
        assertEquals(1, rig.told.size());
        assertTrue(rig.told.get(0).report().up());
        rig.run(14_500);
        assertTrue(rig.problems().stream().anyMatch(problem -> problem.startsWith("LOOM-3531")));
        rig.run(1_000);
        assertTrue(rig.problems().stream().noneMatch(problem -> problem.startsWith("LOOM-3531")));
    }

    @Test
    void withoutAPortForOneServerTheOthersGoOn() {
        List<Target> two = rig.add("web", 1, 2, CHECK);
        two.forEach(target -> rig.server(target).accepts(Rig.MILLI, Rig.MILLI));
        rig.obey();
        rig.run(1_000);
        rig.server(two.get(0)).cannotBegin(new BindException("Cannot assign requested address"));
        rig.run(5_600);
        assertEquals(2, rig.told.size(), () -> rig.told.toString());
        assertEquals(List.of(0L), rig.begun(two.get(0)), "no other connection began");
        assertEquals(4, rig.begun(two.get(1)).size());
        assertEquals(List.of("LOOM-3530 health checks of upstream web run up to 4.0 s late: this host could not open connections for them;"
                + " see LOOM-3531 in the log and the status", lacks("10.1.0.1:80", "cannot assign requested address", "look at"
                + " net.ipv4.ip_local_port_range, at net.ipv4.neigh.default.gc_thresh3 and its IPv6 twin, and at the host's memory")),
                rig.problems());
        assertEquals(0, rig.network.open.size());

        rig.server(two.get(0)).accepts(Rig.MILLI, Rig.MILLI);
        long before = rig.now();
        rig.run(1_100);
        List<Long> begun = rig.begun(two.get(0));
        assertTrue(begun.size() == 2 && begun.get(1) - before <= 1_000, "tried again within a second: " + begun);
        assertTrue(rig.problems().get(0).startsWith("LOOM-3530 health checks of upstream web run up to 5."), () -> rig.problems().toString());
        assertTrue(rig.problems().get(0).endsWith(
                "s late: this host could not open connections for them; see LOOM-3531 in the log and the status"));
        rig.run(30_000);
        assertEquals(List.of(), rig.problems());
        assertEquals(2, rig.told.size());
    }

    @Test
    void whoeverIsRemovedWhileItHasNoPortIsNotProbedWhenThereIsOne() {
        List<Target> two = rig.add("web", 1, 2, CHECK);
        two.forEach(target -> rig.server(target).cannotBegin(new BindException("Cannot assign requested address")));
        rig.obey();
        rig.run(500);
        two.forEach(target -> rig.server(target).accepts(Rig.MILLI, Rig.MILLI));
        rig.targets.remove(two.get(0));
        rig.obey();
        rig.run(5_000);
        assertEquals(List.of(), rig.begun(two.get(0)));
        assertEquals(3, rig.begun(two.get(1)).size());
    }

    @Test
    void whatIsLateAfterAShortageHasItsOwnReason() {
        Target target = rig.add("web", 1, 1, CHECK).get(0);
        rig.server(target).cannotBegin(new BindException("Cannot assign requested address"));
        rig.obey();
        rig.run(500);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.run(60_000);
        assertEquals(List.of(), rig.problems());
        rig.sleep(5_000);
        rig.run(1_000);
        assertTrue(rig.problems().get(0).contains("the thread of the health checks did not get to them in time"), () -> rig.problems().toString());
    }

    @Test
    void whileThereIsNoDescriptorItIsNotAskedForOneByEachServer() {
        rig.add("web", 1, 200, CHECK);
        rig.network.descriptors = 0;
        rig.obey();
        rig.run(1_000);
        assertTrue(rig.network.refused <= 11 && rig.network.refused >= 10, () -> rig.network.refused + " times in a second");
    }

    @Test
    void aShortIntervalIsTriedAgainAsOften() {
        Target target = rig.add("web", 1, 1, Rig.check(200, 100, 2, 3)).get(0);
        rig.server(target).cannotBegin(new BindException("Cannot assign requested address"));
        rig.obey();
        rig.run(150);
        rig.server(target).accepts(Rig.MILLI, Rig.MILLI);
        rig.run(60);
        assertEquals(List.of(200L), rig.begun(target));
    }

    @Test
    void theHostsReasonsAreToldFromTheNetworks() {
        for (String words : List.of("No buffer space available", "Cannot allocate memory", "Resource temporarily unavailable",
                "Too many open files in system")) {
            assertTrue(Shortages.is(new SocketException(words)), words);
        }
        assertTrue(Shortages.is(new BindException("Cannot assign requested address")));
        for (IOException verdict : List.of(new ConnectException("Connection refused"), new NoRouteToHostException("No route to host"),
                new SocketException("Network is unreachable"), new IOException())) {
            assertFalse(Shortages.is(verdict), verdict.toString());
        }
        assertFalse(Shortages.is(new IllegalStateException("too many open files")));
        assertEquals("connection refused", Shortages.explain(new ConnectException("Connection refused")));
        assertEquals("no route to host", Shortages.explain(new NoRouteToHostException("Host is unreachable")));
        assertEquals("Strange Words", Shortages.explain(new IOException("Strange Words")));
        assertEquals("IOException", Shortages.explain(new IOException()));
    }
}
