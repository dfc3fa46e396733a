package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.nat;
import static io.loom.datapath.internal.TestHost.tcp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Admission.Rate;
import io.loom.api.control.Telemetry.BackendCount;
import io.loom.api.control.Telemetry.LimitUse;
import io.loom.api.control.Telemetry.LimitUse.Owner;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import io.loom.libbpf.BpfMap;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Limits in the kernel: what counts towards them, and what outlives the control plane. */
class LimitsTest extends DataPlaneFixture {
    private static final int XDP_DROP = 1;
    private static final int XDP_PASS = 2;
    private static final int XDP_REDIRECT = 4;
    private static final int FIRST_PORT = 50000;
    private static final int CLIENTS = 20;

    private static ListenerSpec guarded(TableKey table, Guard guard) {
        return new ListenerSpec(table, true, Tracking.FULL, false, false, false, guard);
    }

    private void guard(Guard guard) {
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 80), guarded(TABLE, guard)));
    }

    private static Guard vip(int max, boolean overflow) {
        return new Guard(Course.BALANCE, overflow, max, false);
    }

    private long used() {
        return plane.read().limits().get(0).open();
    }

    private void state(int state) {
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_conns4"))) {
            new ConnectionTable(Family.IPV4, map).walk(
                    (listener, client, rawPort, word) -> word & ~(7L << 16) | (long) state << 16);
        }
    }

    @Test
    void aConnectionCountsUntilItHasEnded() throws Exception {
        balance(plane);
        guard(vip(1, false));
        assertEquals(XDP_REDIRECT, runSyn().result());
        assertEquals(List.of(new LimitUse(Owner.VIP, "web", 1, 1)), plane.read().limits());
        state(2);
        Thread.sleep(2500);
        assertEquals(1, used(), "one side has closed");
        state(3);
        await("a connection that has ended makes room", () -> used() == 0);
        assertEquals(1, plane.read().connectionsActive());
    }

    @Test
    void aLimitThatIsSetLaterCountsWhatIsThere() throws Exception {
        balance(plane);
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        guard(vip(5, false));
        assertEquals(1, used());
    }

    @Test
    void aListenerThatMovesToAnotherVipTakesItsCountAlongAndLeavesNoLimitBehind() throws Exception {
        balance(plane);
        guard(vip(1, false));
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        TableKey shop = new TableKey("shop", Family.IPV4);
        put(new Change.PutTable(shop, spec(Map.of(nat(FIRST), 100, nat(SECOND), 50))));
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 80), guarded(shop, vip(1, false))));
        assertEquals(List.of(new LimitUse(Owner.VIP, "shop", 1, 1)), plane.read().limits());
        assertEquals(XDP_DROP, runSyn(FIRST_PORT).result());
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 80), guarded(TABLE, new Guard(Course.REFUSE, false, 0, false))));
        assertEquals(List.of(), plane.read().limits(), "a vip without a limit");
    }

    @Test
    void limitsAndWhatTheyCountOutliveTheControlPlane() throws Exception {
        balance(plane);
        guard(vip(7, true));
        plane.apply(new Change.PutBackend(nat(FIRST), false, false, 3));
        plane.apply(new Change.PutBackend(nat(SECOND), false, false, 4));
        runSyn();
        List<LimitUse> before = plane.read().limits();
        assertEquals(2, before.stream().mapToLong(LimitUse::open).sum(), "the vip's and one of the backends'");
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(before, plane.read().limits());
        assertEquals(Map.of(nat(FIRST), 3, nat(SECOND), 4), plane.applied().limits());
        assertEquals(vip(7, true), plane.applied().listeners().get(tcp("10.9.9.9", 80)).guard());
        guard(Guard.NONE);
        assertEquals(2, plane.read().limits().size(), "only those of backends remain");
        plane.apply(new Change.PutBackend(nat(FIRST), false, false, 0));
        plane.apply(new Change.RemoveBackend(nat(SECOND)));
        assertEquals(List.of(), plane.read().limits());
    }

    @Test
    void aBackendsOverflowsAreCountedAlsoWhereAnEarlierVersionLoadedTheProgram() throws Exception {
        balance(plane);
        guard(vip(100, false));
        plane.apply(new Change.PutBackend(nat(FIRST), false, false, 1));
        begin(FIRST_PORT);
        assertEquals(1, connections(nat(FIRST)));
        long lost = overflows(nat(FIRST));
        assertTrue(lost > 0 && lost < CLIENTS, lost + " of " + CLIENTS);
        assertEquals(0, overflows(nat(SECOND)));
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(lost, overflows(nat(FIRST)), "after a restart");
        plane.close();
        forget("loom_overflows");
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(0, overflows(nat(FIRST)));
        assertEquals(1, connections(nat(FIRST)), "the rest was adopted");
        int former = plane.program().id();
        plane.removeMethod(null, ipipService);
        await("the next program", () -> plane.program().id() != former);
        assertTrue(Files.exists(ROOT.resolve("maps/loom_overflows")));
        begin(FIRST_PORT + CLIENTS);
        assertEquals(1, connections(nat(FIRST)));
        assertTrue(overflows(nat(FIRST)) > 0);
    }

    /** Some of them may be dropped: not all entries of the table are tried. */
    private void begin(int firstPort) {
        for (int port = firstPort; port < firstPort + CLIENTS; port++) {
            runSyn(port);
        }
    }

    private BackendCount count(BackendKey backend) {
        return plane.read().backends().stream().filter(count -> count.endpoint().equals(backend.endpoint())).findFirst().orElseThrow();
    }

    private long overflows(BackendKey backend) {
        return count(backend).overflows();
    }

    private long connections(BackendKey backend) {
        return count(backend).connections();
    }

    @Test
    void whatGoesToTheLocalStackIsNobodysAndNeedsSomebodyThere() throws Exception {
        balance(plane);
        guard(new Guard(Course.LOCAL, false, 0, false));
        assertEquals(XDP_PASS, runSyn().result());
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        assertEquals(0, plane.read().backends().stream().mapToLong(backend -> backend.active()).sum());
        assertEquals(List.of("LOOM-1215"), plane.problems().stream().map(Problem::code).toList());
        guard(new Guard(Course.REFUSE, false, 0, false));
        assertEquals(XDP_PASS, runSyn().result(), "it is the local stack's for its life");
        assertEquals(List.of(), plane.problems());
    }

    @Test
    void connectionsByOtherMethodsCountTowardsTheBackendsLimit() throws Exception {
        balance(plane);
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        Endpoint used = plane.read().backends().stream().filter(backend -> backend.active() == 1).findFirst().orElseThrow().endpoint();
        plane.apply(new Change.PutBackend(
                new BackendKey("default", used, "ipip"), false, false, 2));
        await("the next count", () -> used() == 1);
    }

    /** A limit protects the server, whoever sends to it: there is no waiting for the next count. */
    @Test
    void connectionsByAnotherUpstreamCountTowardsTheBackendsLimitAtOnce() throws Exception {
        balance(plane);
        Guard guard = new Guard(Course.BALANCE, false, 0, true);
        plane.apply(new Change.PutBackend(nat(FIRST), false, false, 1));
        put(new Change.PutTable(TABLE, spec(Map.of(nat(FIRST), 100))));
        guard(guard);
        assertEquals(XDP_REDIRECT, runSyn(FIRST_PORT).result());
        BackendKey other = new BackendKey("shop", FIRST, "nat");
        TableKey shop = new TableKey("shop", Family.IPV4);
        plane.apply(new Change.PutBackend(other, false, false, 1));
        put(new Change.PutTable(shop, spec(Map.of(other, 100))));
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 80), guarded(shop, guard)));
        assertEquals(XDP_DROP, runSyn(FIRST_PORT + 1).result());
        assertEquals(List.of(new LimitUse(Owner.BACKEND, FIRST.toString(), 1, 1)), plane.read().limits());
        assertEquals(Map.of(nat(FIRST), 1, other, 1), plane.applied().limits());
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(Map.of(nat(FIRST), 1, other, 1), plane.applied().limits(), "whose number is whose is adopted");
        assertEquals(XDP_DROP, runSyn(FIRST_PORT + 1).result());
        plane.apply(new Change.RemoveBackend(nat(FIRST)));
        assertEquals(XDP_DROP, runSyn(FIRST_PORT + 1).result(), "its connections rest with the address");
        plane.apply(new Change.PutBackend(other, false, false, 0));
        assertEquals(XDP_REDIRECT, runSyn(FIRST_PORT + 1).result());
    }

    @Test
    void connectionsOfASourceThatIsDeniedFromNowOnEnd() throws Exception {
        balance(plane);
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        plane.configure(TestHost.denying("10.1.0.0/24"));
        guard(new Guard(Course.BALANCE, false, 0, false, true, Optional.of(new Rate(1000, 50))));
        await("the connection to end", () -> plane.read().connectionsActive() == 0);
        assertEquals(XDP_DROP, runSyn().result());
        plane.close();
        plane = open();
        plane.configure(TestHost.denying("10.1.1.0/24"));
        assertEquals(new Guard(Course.BALANCE, false, 0, false, true, Optional.of(new Rate(1000, 50))), plane.applied().listeners().get(tcp("10.9.9.9", 80)).guard());
        assertEquals(XDP_REDIRECT, runSyn().result());
    }
}
