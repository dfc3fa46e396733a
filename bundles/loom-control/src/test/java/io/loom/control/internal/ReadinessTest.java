package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.checked;
import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.key;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.vip;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.LoomConfig;
import io.loom.api.control.Status.AttachmentView;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What it waits for before it is ready, and that it stays so. */
class ReadinessTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, plane);
    }

    /** A file that has not come yet is not said to be invalid, and one that has come is not waited for. */
    @Test
    void untilTheFirstConfigurationIsTakenStatusSaysWhoHasIt() {
        bench.round();
        assertEquals("the configuration", bench.seen.waiting());
        List<String> meanwhile = new ArrayList<>();
        plane.beforeConfigure = () -> meanwhile.add(bench.seen.waiting());
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals(List.of("the kernel to take the configuration"), meanwhile);
        bench.load(web("nat", server("10.0.0.2")));
        assertEquals(bench.seen.waiting(), meanwhile.get(1), "later ones change nothing of what is waited for");
    }

    @Test
    void aVipWithoutUsableBackendHoldsUpReadinessForFiveSecondsOnly() {
        plane.unknownHops.add(key("10.0.0.1", "nat"));
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals("a usable backend of vip web", bench.seen.waiting());
        bench.pass(Duration.ofSeconds(6));
        assertEquals("", bench.seen.waiting());
    }

    /** That report is no part of the round that was under way when it came, so the kernel has not heard of it. */
    @Test
    void aReportThatComesWhileARoundIsUnderWayMakesNothingReady() {
        plane.beforeApply = () -> bench.probes.down("10.0.0.2");
        bench.load(config(List.of(vip("nat")), checked(server("10.0.0.1"), server("10.0.0.2"))));
        plane.beforeApply = () -> { };
        bench.probes.up("10.0.0.1");
        assertEquals("first health checks of 2 backends", bench.seen.waiting());
        bench.round();
        assertEquals("", bench.seen.waiting());
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100), bench.table(), "ready, and the dead one is out");
    }

    @Test
    void silentServersHoldUpReadinessForAnIntervalAndATimeoutOnly() {
        LoomConfig file = config(List.of(vip("nat")), checked(server("10.0.0.1"), server("10.0.0.2")));
        Duration patience = file.upstreams().get(0).check().map(check -> check.interval().plus(check.timeout())).orElseThrow();
        bench.load(file);
        bench.probes.up("10.0.0.1");
        bench.round();
        bench.pass(patience.minusMillis(1));
        assertEquals("first health checks of 1 backends", bench.seen.waiting());
        bench.pass(Duration.ofMillis(100));
        assertEquals("", bench.seen.waiting());
    }

    @Test
    void withoutAnInterfaceNothingIsReadyUntilOneIsNamedAndAttached() {
        LoomConfig none = Fixtures.attachedTo(List.of(), web("nat", server("10.0.0.1")));
        bench.load(none);
        assertTrue(bench.seen.waiting().contains("none is named in ebpf.interface"), bench.seen.waiting());
        bench.pass(Duration.ofMinutes(1));
        assertTrue(bench.seen.waiting().contains("none is named in ebpf.interface"), bench.seen.waiting());
        assertEquals(1, bench.change(edit -> edit.weight(1, OptionalInt.of(5))).id(), "changes are taken all the same");
        plane.attachments = List.of(new AttachmentView("eth0", 0, "none", 0, "it does not exist"));
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals("attachment to eth0: it does not exist", bench.seen.waiting());
        plane.attachments = List.of(new AttachmentView("eth0", 3, "native", 7, ""));
        bench.round();
        assertEquals("", bench.seen.waiting());
    }

    @Test
    void everyNamedInterfaceMustBeAttachedAtFirstAndNoneLater() {
        AttachmentView one = new AttachmentView("eth0", 2, "native", 6, "");
        AttachmentView absent = new AttachmentView("eth1", 0, "none", 0, "it does not exist");
        plane.attachments = List.of(one, absent);
        bench.load(Fixtures.attachedTo(List.of("eth0", "eth1"), web("nat", server("10.0.0.1"))));
        assertEquals("attachment to eth1: it does not exist", bench.seen.waiting());
        plane.attachments = List.of(one, new AttachmentView("eth1", 3, "native", 7, ""));
        bench.round();
        assertEquals("", bench.seen.waiting());
        plane.attachments = List.of(new AttachmentView("eth0", 0, "none", 0, "it does not exist"), absent);
        bench.round();
        assertEquals("", bench.seen.waiting(), "ready stays ready");
        bench.load(Fixtures.attachedTo(List.of(), web("nat", server("10.0.0.1"))));
        assertEquals("", bench.seen.waiting());
    }

    /** What says that it is ready names the program: that one must not be about to be replaced. */
    @Test
    void afterARestartTheProgramIsTheWantedOneFirst() {
        plane.settled = false;
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals("the program, which differs from the one that runs", bench.seen.waiting());
        plane.settled = true;
        bench.round();
        assertEquals("", bench.seen.waiting());
        plane.settled = false;
        bench.round();
        assertEquals("", bench.seen.waiting(), "ready stays ready");
    }

    @Test
    void aBalancerThatIsSwitchedOffIsReadyWithoutAnInterface() {
        bench.load(Fixtures.attachedTo(List.of(), config(false, List.of(), List.of())));
        assertEquals("", bench.seen.waiting());
    }
}
