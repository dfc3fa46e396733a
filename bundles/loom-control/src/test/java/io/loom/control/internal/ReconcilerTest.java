package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;
import static io.loom.control.internal.Fixtures.checked;
import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.key;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static io.loom.control.internal.Fixtures.vip;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.NewBackend;
import io.loom.api.control.Status.AttachmentView;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReconcilerTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, plane);
    }

    private Bench restarted() {
        plane.forgetTables();
        return new Bench(data, plane);
    }

    @Test
    void aFileBecomesBackendsThenATableThenAListener() {
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2", 50)));
        List<String> kinds = bench.takeChanges().stream().map(change -> change.getClass().getSimpleName()).toList();
        assertEquals(List.of("PutBackend", "PutBackend", "PutTable", "PutListener"), kinds);
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100, key("10.0.0.2", "nat"), 50), bench.table());
        assertEquals(List.of("tcp 10.9.0.1:80"), bench.vip().listeners());
        assertEquals("", bench.seen.waiting());
        bench.round();
        assertEquals(List.of(), bench.takeChanges(), "a second round has nothing to do");
    }

    @Test
    void aDeadBackendLeavesTheTableAndComesBack() {
        bench.load(config(List.of(vip("nat")), checked(server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(State.UP, bench.backend(1).state(), "a probed backend counts as up until its first result");
        assertEquals("first health checks of 2 backends", bench.seen.waiting());
        bench.probes.up("10.0.0.1");
        bench.probes.down("10.0.0.2");
        bench.round();
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100), bench.table());
        assertEquals(Set.of(key("10.0.0.2", "nat")), plane.applied().down());
        assertEquals(State.DOWN, bench.backend(2).state());
        assertEquals("connection refused", bench.backend(2).reason());
        assertEquals("", bench.seen.waiting());
        bench.probes.down("10.0.0.1");
        bench.round();
        assertEquals(Map.of(), bench.table());
        assertEquals(
                List.of("no usable backend over IPv4: 2 down (10.0.0.1:80, 10.0.0.2:80)"), bench.vip().degraded());
        bench.probes.up("10.0.0.2");
        bench.round();
        assertEquals(Map.of(key("10.0.0.2", "nat"), 100), bench.table());
    }

    @Test
    void aRestartWithTheSameFilePublishesTheTableAndNothingElse() {
        var file = config(List.of(vip("nat")), checked(server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3", 0)));
        bench.load(file);
        bench.probes.down("10.0.0.2");
        bench.change(edit -> edit.add("", new NewBackend(Fixtures.endpoint("10.0.0.4"), 10)));
        KernelState before = plane.applied();
        Bench again = restarted();
        again.load(file);
        assertEquals(
                List.of(new Change.PutTable(Bench.webTable(), before.tables().get(Bench.webTable()))),
                again.takeChanges(), "what was down stays down until it is probed");
        assertEquals(before, plane.applied());
        assertEquals(4, again.backend(4).id());
    }

    @Test
    void aRestartWaitsForNextHopsBeforeItTouchesATable() {
        var file = web("nat", server("10.0.0.1"), server("10.0.0.2"));
        bench.load(file);
        Bench again = restarted();
        plane.unknownHops.addAll(Set.of(key("10.0.0.1", "nat"), key("10.0.0.2", "nat")));
        again.load(file);
        assertEquals(List.of(), again.takeChanges());
        assertEquals("next hops of backends", again.seen.waiting());
        plane.unknownHops.remove(key("10.0.0.1", "nat"));
        again.round();
        assertEquals(List.of(), again.takeChanges(), "the other one may be known in a moment");
        again.pass(Duration.ofSeconds(2));
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100), again.table());
        assertEquals(State.RESOLVING, again.backend(2).state());
        assertEquals("no neighbour", again.backend(2).reason());
    }

    @Test
    void anotherForwardingMethodTakesOverOnlyWhenItsNextHopsAreKnown() {
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        bench.takeChanges();
        plane.unknownHops.addAll(Set.of(key("10.0.0.1", "ipip"), key("10.0.0.2", "ipip")));
        bench.load(web("ipip", server("10.0.0.1"), server("10.0.0.2")));
        assertEquals(Set.of(key("10.0.0.1", "nat"), key("10.0.0.2", "nat")), bench.table().keySet());
        plane.unknownHops.clear();
        bench.round();
        assertEquals(Set.of(key("10.0.0.1", "ipip"), key("10.0.0.2", "ipip")), bench.table().keySet());
        assertTrue(plane.applied().backends().contains(key("10.0.0.1", "nat")), "old connections go on by nat");
        bench.pass(Duration.ofMinutes(4));
        assertEquals(4, plane.applied().backends().size());
        bench.pass(Duration.ofMinutes(2));
        assertEquals(Set.of(key("10.0.0.1", "ipip"), key("10.0.0.2", "ipip")), plane.applied().backends());
    }

    @Test
    void aRemovedBackendDrainsAndOneThatIsNeededAgainStays() {
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        bench.change(edit -> edit.remove(2));
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100), bench.table());
        assertTrue(plane.applied().backends().contains(key("10.0.0.2", "nat")));
        assertTrue(bench.seen.backend(2).isEmpty(), "a removed backend is not listed");
        bench.pass(Duration.ofMinutes(3));
        bench.change(edit -> edit.add("", new NewBackend(Fixtures.endpoint("10.0.0.2"), 100)));
        bench.takeChanges();
        bench.pass(Duration.ofMinutes(10));
        assertEquals(List.of(), bench.takeChanges());
    }

    /** Rounds that look at everything, each five seconds, would be up to that late. */
    @Test
    void theEndOfADrainHasARoundOfItsOwn() {
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        bench.change(edit -> edit.remove(2));
        bench.pass(Duration.ofMillis(2_500));
        bench.round();
        bench.pass(Duration.ofSeconds(295));
        assertEquals(2_500, bench.nextRound());
        assertTrue(plane.applied().backends().contains(key("10.0.0.2", "nat")));
        bench.pass(Duration.ofMillis(2_500));
        assertEquals(Set.of(key("10.0.0.1", "nat")), plane.applied().backends());
    }

    @Test
    void aWeightOfZeroDrainsWithoutADeadline() {
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        bench.change(edit -> edit.weight(2, OptionalInt.of(0)));
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100), bench.table());
        assertEquals(State.DRAIN, bench.backend(2).state());
        assertTrue(bench.backend(2).override());
        bench.pass(Duration.ofMinutes(60));
        assertTrue(plane.applied().backends().contains(key("10.0.0.2", "nat")));
    }

    @Test
    void aProbedServerIsResolvingUntilItWasReachableOnceAndDownFromThenOn() {
        BackendKey second = key("10.0.0.2", "nat");
        plane.unknownHops.add(second);
        bench.load(config(List.of(vip("nat")), checked(server("10.0.0.1"), server("10.0.0.2"))));
        bench.probes.down("10.0.0.2");
        bench.probes.down("10.0.0.1");
        bench.round();
        assertEquals(State.RESOLVING, bench.backend(2).state());
        assertEquals("no neighbour", bench.backend(2).reason());
        assertEquals(
                List.of("no usable backend over IPv4: 1 down (10.0.0.1:80), 1 resolving (10.0.0.2:80)"), bench.vip().degraded());
        plane.unknownHops.clear();
        bench.round();
        assertEquals(State.DOWN, bench.backend(2).state());
        plane.unknownHops.add(second);
        bench.round();
        assertEquals(State.DOWN, bench.backend(2).state(), "its neighbour entry expired because it is down");
    }

    @Test
    void aBackendWithoutNextHopStaysOutOfTheTable() {
        bench.load(web("nat", server("10.0.0.1")));
        plane.unknownHops.add(key("10.0.0.2", "nat"));
        int id = bench.change(edit -> edit.add("", new NewBackend(Fixtures.endpoint("10.0.0.2"), 100))).id();
        assertEquals(State.RESOLVING, bench.backend(id).state());
        assertTrue(bench.seen.resolving(id));
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100), bench.table());
        plane.unknownHops.clear();
        bench.round();
        assertEquals(State.UP, bench.backend(id).state());
        assertFalse(bench.seen.resolving(id));
        assertEquals(2, bench.table().size());
    }

    @Test
    void aRefusedRuntimeChangeLeavesNoTrace() {
        bench.load(web("nat", server("10.0.0.1")));
        KernelState before = plane.applied();
        plane.refused = Change.PutTable.class::isInstance;
        LoomException refused = assertThrows(LoomException.class,
                () -> bench.change(edit -> edit.add("", new NewBackend(Fixtures.endpoint("10.0.0.2"), 100))));
        assertEquals(List.of("LOOM-3503", "LOOM-1999"), refused.problems().stream().map(one -> one.code()).toList());
        plane.refused = change -> false;
        bench.pass(Duration.ofSeconds(10));
        assertEquals(before.tables(), plane.applied().tables());
        assertEquals(1, bench.seen.backends().size());
        assertEquals(1, new RuntimeStore(data, new Disk.OfFiles()).load().state().ids().size());
    }

    @Test
    void whatCannotBeMadeDurableIsNotMade() {
        bench.load(web("nat", server("10.0.0.1")));
        bench.takeChanges();
        bench.disk.full = true;
        LoomException refused =
                assertThrows(LoomException.class, () -> bench.change(edit -> edit.weight(1, OptionalInt.of(5))));
        assertEquals("LOOM-3501", refused.code());
        bench.pass(Duration.ofSeconds(5));
        bench.round();
        assertEquals(List.of("LOOM-3501"), bench.seen.warnings().stream().map(Problem::code).toList(), "as long as it lasts");
        bench.disk.full = false;
        bench.pass(Duration.ofSeconds(10));
        bench.round();
        assertEquals(List.of(), bench.takeChanges());
        assertEquals(100, bench.backend(1).weight());
        assertEquals(List.of(), bench.seen.warnings());
    }

    @Test
    void ofChangesMadeTogetherABadOneDoesNotTakeTheOthersWithIt() {
        bench.load(web("nat", server("10.0.0.1")));
        RuntimeChange good = RuntimeChange.of(edit -> edit.weight(1, OptionalInt.of(5)));
        RuntimeChange bad = RuntimeChange.of(edit -> edit.remove(99));
        RuntimeChange late = RuntimeChange.of(edit -> edit.weight(1, OptionalInt.of(7)));
        late.done().completeExceptionally(new IllegalStateException("the caller gave up"));
        bench.changeTogether(List.of(good, bad, late));
        assertEquals(1, Bench.result(good.done()).id());
        assertTrue(bad.done().isCompletedExceptionally());
        assertEquals(5, bench.backend(1).weight());
    }

    @Test
    void afterAFailureItIsTriedAgainAtABoundedRateAndSaidSo() {
        plane.refused = Change.PutListener.class::isInstance;
        bench.load(web("nat", server("10.0.0.1")));
        assertTrue(bench.seen.warnings().stream().anyMatch(problem -> problem.code().equals("LOOM-3506")));
        assertTrue(bench.seen.waiting().contains("LOOM-1999"), bench.seen.waiting());
        int rounds = bench.pass(Duration.ofSeconds(60));
        assertTrue(rounds > 5 && rounds < 40, rounds + " rounds in a minute");
        plane.refused = change -> false;
        bench.pass(Duration.ofSeconds(6));
        assertEquals(List.of("tcp 10.9.0.1:80"), bench.vip().listeners());
        assertEquals(List.of(), bench.seen.warnings());
    }

    @Test
    void aTableThatCannotBeBuiltHoldsUpNoOtherVip() {
        plane.refused = change -> change instanceof Change.PutTable put && put.tables().get(0).vip().equals("bad");
        Vip web = vip("nat");
        Vip bad = new Vip("bad", List.of(address("10.9.0.0")), false, web.services(), "maglev", 11, "nat", "default", true,
                Vip.Connections.DEFAULT);
        bench.load(config(List.of(bad, web), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of("web"), plane.applied().listeners().values().stream().map(spec -> spec.table().vip()).toList());
        assertTrue(bench.seen.warnings().stream().anyMatch(problem -> problem.why().contains("LOOM-1999")));
        plane.refused = change -> false;
        bench.pass(Duration.ofSeconds(6));
        assertEquals(2, plane.applied().listeners().size());
        assertEquals(List.of(), bench.seen.warnings());
    }

    @Test
    void aFileThatTheDataPathRefusesLeavesTheEarlierOneInForce() {
        bench.load(web("nat", server("10.0.0.1")));
        plane.refusesConfiguration = true;
        bench.load(web("nat", server("10.0.0.9")));
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100), bench.table());
        assertTrue(bench.seen.warnings().stream().anyMatch(problem -> problem.code().equals("LOOM-1999")));
        plane.refusesConfiguration = false;
        bench.pass(Duration.ofSeconds(6));
        assertEquals(Map.of(key("10.0.0.9", "nat"), 100), bench.table());
    }

    @Test
    void disabledMeansThatTheKernelIsEmpty() {
        var file = web("nat", server("10.0.0.1"));
        bench.load(file);
        bench.load(config(false, file.vips(), file.upstreams()));
        assertEquals(KernelState.EMPTY, plane.applied());
        assertEquals(State.DISABLED, bench.backend(1).state());
        assertFalse(plane.configured.get(1).enabled());
    }

    @Test
    void noChangesCanBeMadeBeforeThereIsAConfiguration() {
        LoomException early = assertThrows(LoomException.class, () -> bench.change(edit -> edit.remove(1)));
        assertEquals("LOOM-3505", early.code());
    }

    @Test
    void aVipIsDegradedWhileTheProgramIsAttachedNowhere() {
        AttachmentView refused = new AttachmentView("eth0", 2, "none", 0, "the driver refuses");
        plane.attachments = List.of(refused, new AttachmentView("eth1", 3, "native", 7, ""));
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals(List.of(), bench.vip().degraded());
        plane.attachments = List.of(refused);
        bench.round();
        assertEquals(List.of("the program is attached to no interface: the driver refuses"), bench.vip().degraded());
    }

    @Test
    void anIdThatIsTakenIsAWarningUntilTheFileAsksForAnother() {
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals(2, bench.change(edit -> edit.add("", new NewBackend(Fixtures.endpoint("10.0.0.2"), 100))).id());
        bench.load(web("nat", server("10.0.0.1"), server(2, "10.0.0.3")));
        assertEquals(List.of("LOOM-3508"), bench.seen.warnings().stream().map(problem -> problem.code()).toList());
        bench.round();
        assertEquals(1, bench.seen.warnings().size());
        bench.load(web("nat", server("10.0.0.1"), server(3, "10.0.0.3")));
        assertEquals(List.of(), bench.seen.warnings());
    }

    /** Patience with the silent server ends after 3 s, that with the vip after 5. */
    @Test
    void whatCannotChangeAnythingAnyMoreAsksForNoRounds() {
        plane.unknownHops.add(key("10.0.0.1", "nat"));
        bench.load(config(List.of(vip("nat")), checked(server("10.0.0.1"))));
        bench.pass(Duration.ofMillis(3_100));
        assertEquals("a usable backend of vip web", bench.seen.waiting());
        assertEquals(1_900, bench.nextRound());
        assertEquals(1, bench.pass(Duration.ofMillis(1_900)));
        assertEquals("", bench.seen.waiting());
    }

    @Test
    void roundsThatOnlyTimeAsksForAreFiftyMillisecondsApartAtLeast() {
        plane.refused = Change.PutListener.class::isInstance;
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals(100, bench.nextRound(), "it is tried again");
        bench.pass(Duration.ofMillis(80));
        assertEquals(50, bench.nextRound());
    }

    @Test
    void whoHasNoWeightDrainsWhetherItsNextHopIsKnownOrNot() {
        plane.unknownHops.add(key("10.0.0.2", "nat"));
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2", 0)));
        bench.pass(Duration.ofSeconds(6));
        assertEquals(State.DRAIN, bench.backend(2).state());
        assertEquals("weight 0", bench.backend(2).reason());
    }

    @Test
    void whatTheFileIsWarnedOfIsInStatusAsLongAsItIsInForce() {
        LoomConfig good = web("nat", server("10.0.0.1"));
        Problem late = Problem.of("LOOM-2103", "it has no effect", "", "");
        bench.load(new LoomConfig(true, good.attachment(), good.conntrack(), good.maps(), good.nat(), good.dsr(), good.icmp(), good.vips(),
                good.upstreams(), good.admin(), List.of(late)));
        assertEquals(List.of(late), bench.seen.warnings());
        bench.load(good);
        assertEquals(List.of(), bench.seen.warnings());
    }
}
