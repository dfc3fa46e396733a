package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;
import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.flat;
import static io.loom.control.internal.Fixtures.key;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.NewBackend;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.KernelState;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vips of the flat form, and vips whose plugins are missing. */
class VipPlannerTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, plane);
    }

    private void undeploy(String method, boolean linked) {
        MethodView view = plane.methods.remove(method);
        if (linked) {
            plane.methods.put(method, new MethodView(false, view.direct(), view.stateful(), view.pairs()));
        }
        bench.round();
    }

    @Test
    void theFlatFormListensOnInterfaceAddressesOfFamiliesThatHaveBackends() {
        plane.addresses.addAll(Set.of(address("10.0.0.254"), address("2001:db8::fe")));
        bench.load(config(List.of(flat("nat")), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of("tcp 10.0.0.254:80"), bench.vip().listeners());
        bench.load(config(List.of(flat("nat")), upstream("default", server("10.0.0.1"), server("2001:db8::1"))));
        assertEquals(List.of("tcp 10.0.0.254:80", "tcp [2001:db8::fe]:80"), bench.vip().listeners());
        assertEquals(Map.of(key("2001:db8::1", "nat"), 100), bench.table(Family.IPV6));
        plane.addresses.remove(address("10.0.0.254"));
        bench.pass(java.time.Duration.ofSeconds(6));
        assertEquals(List.of("tcp [2001:db8::fe]:80"), bench.vip().listeners());
        assertEquals(List.of(false), plane.applied().listeners().values().stream().map(spec -> spec.assigned()).toList());
    }

    @Test
    void directServerReturnIsRefusedOnTheBalancersOwnAddress() {
        plane.addresses.addAll(Set.of(address("10.0.0.254"), address("10.0.0.100")));
        bench.own.add(address("10.0.0.254"));
        bench.load(config(List.of(flat("ipip")), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of("tcp 10.0.0.100:80"), bench.vip().listeners());
        assertEquals(List.of(), bench.vip().degraded(), "nobody has named it");
        assertTrue(bench.seen.warnings().stream().noneMatch(problem -> problem.code().equals("LOOM-3510")));
        plane.addresses.remove(address("10.0.0.100"));
        bench.pass(java.time.Duration.ofSeconds(6));
        assertEquals(List.of(), bench.vip().listeners());
        assertTrue(bench.vip().degraded().get(0).startsWith("the interface has no address but the balancer's own"),
                () -> "" + bench.vip().degraded());
        plane.addresses.add(address("10.0.0.100"));
        bench.pass(java.time.Duration.ofSeconds(6));
        assertEquals(List.of(), bench.vip().degraded());
    }

    /** The file was read before the host had the address. */
    @Test
    void aVipThatNamesTheBalancersOwnAddressUnderDirectServerReturnIsDegradedWhileItIsSo() {
        bench.own.add(Fixtures.VIP);
        bench.load(web("ipip", server("10.0.0.1")));
        assertEquals(List.of(), bench.vip().listeners());
        assertTrue(bench.vip().degraded().get(0).startsWith("10.9.0.1 is the balancer's own address"));
        bench.own.remove(Fixtures.VIP);
        bench.pass(java.time.Duration.ofSeconds(6));
        assertEquals(List.of("tcp 10.9.0.1:80"), bench.vip().listeners());
        assertEquals(List.of(), bench.vip().degraded());
    }

    @Test
    void aProtocolWithoutAHandlerHasNoListenerAndSaysSo() {
        plane.protocols.remove(Protocol.UDP);
        Vip both = new Vip("web", List.of(Fixtures.VIP), false,
                List.of(new Vip.Service(Protocol.TCP, 80), new Vip.Service(Protocol.UDP, 53)), "maglev", 7, "nat",
                "default", true,
                Vip.Connections.DEFAULT);
        bench.load(config(List.of(both), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of("tcp 10.9.0.1:80"), bench.vip().listeners());
        assertEquals(
                List.of("no protocol handler for UDP is deployed; packets to UDP ports [53] pass"), bench.vip().degraded());
    }

    @Test
    void aVipWhoseMethodWasNeverThereHasNoListenerUntilItIs() {
        MethodView nat = plane.methods.remove("nat");
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals(KernelState.EMPTY, plane.applied());
        assertEquals(
                List.of("forwarding method nat is not deployed; its packets pass until it is"), bench.vip().degraded());
        assertEquals(State.DISABLED, bench.backend(1).state());
        plane.methods.put("nat", nat);
        bench.round();
        assertEquals(List.of(), bench.vip().degraded());
        assertEquals(List.of("tcp 10.9.0.1:80"), bench.vip().listeners());
    }

    @Test
    void aMethodThatIsStillLinkedServesOnAndTakesChanges() {
        bench.load(web("nat", server("10.0.0.1")));
        undeploy("nat", true);
        assertEquals(
                List.of("forwarding method nat is no longer deployed; the running program keeps it"),
                bench.vip().degraded());
        bench.change(edit -> edit.weight(1, OptionalInt.of(7)));
        assertEquals(Map.of(key("10.0.0.1", "nat"), 7), bench.table());
    }

    @Test
    void aVipMovedToAMissingMethodKeepsTheOneItHas() {
        bench.load(web("nat", server("10.0.0.1")));
        plane.methods.remove("ipip");
        bench.takeChanges();
        bench.load(web("ipip", server("10.0.0.1"), server("10.0.0.2")));
        assertEquals(Set.of(key("10.0.0.1", "nat"), key("10.0.0.2", "nat")), bench.table().keySet());
        assertEquals(List.of("forwarding method ipip is not deployed; nat stays in force"), bench.vip().degraded());
    }

    @Test
    void aVipWithoutItsAlgorithmStaysAsItIsAndRefusesChanges() {
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        KernelState before = plane.applied();
        bench.takeChanges();
        plane.algorithms.clear();
        bench.round();
        assertEquals(List.of(), bench.takeChanges());
        assertEquals(List.of("algorithm maglev is not deployed; what runs stays as it is"), bench.vip().degraded());
        LoomException refused = assertThrows(LoomException.class, () -> bench.change(edit -> edit.remove(1)));
        assertEquals("LOOM-3505", refused.code());
        plane.algorithms.add("maglev");
        bench.round();
        bench.change(edit -> edit.remove(1));
        assertEquals(before.backends(), plane.applied().backends());
    }

    @Test
    void aRestartBeforeThePluginsAreThereChangesNothing() {
        var file = web("nat", server("10.0.0.1"), server("10.0.0.2"));
        bench.load(file);
        plane.forgetTables();
        plane.algorithms.clear();
        bench = new Bench(data, plane);
        bench.load(file);
        bench.pass(java.time.Duration.ofMinutes(20));
        assertEquals(List.of(), bench.takeChanges());
        plane.algorithms.add("maglev");
        bench.round();
        assertEquals(List.of(Change.PutTable.class), bench.takeChanges().stream().map(Object::getClass).toList());
    }

    @Test
    void aListenerMovesToAnotherVipWithoutEverBeingAway() {
        bench.load(web("nat", server("10.0.0.1")));
        bench.takeChanges();
        Vip old = Fixtures.vip("nat");
        Vip renamed = new Vip("shop", old.addresses(), false, old.services(), "maglev", 7, "nat", "default", true,
                Vip.Connections.DEFAULT);
        bench.load(config(List.of(renamed), upstream("default", server("10.0.0.1"))));
        assertEquals(
                List.of("PutTable", "PutListener", "RemoveTable"),
                bench.takeChanges().stream().map(change -> change.getClass().getSimpleName()).toList());
    }

    @Test
    void aVipMovedToAMissingAlgorithmKeepsTheOneItHasAndTakesChanges() {
        bench.load(web("nat", server("10.0.0.1")));
        Vip moved = new Vip("web", List.of(Fixtures.VIP), false, List.of(new Vip.Service(Protocol.TCP, 80)), "weighted", 7, "nat",
                "default", true, Vip.Connections.DEFAULT);
        bench.load(config(List.of(moved), upstream("default", server("10.0.0.1"), server("10.0.0.2", 30))));
        assertEquals(List.of("algorithm weighted is not deployed; maglev stays in force"), bench.vip().degraded());
        assertEquals(Map.of(key("10.0.0.1", "nat"), 100, key("10.0.0.2", "nat"), 30), bench.table());
        assertEquals("maglev", plane.applied().tables().get(Bench.webTable()).algorithm());
        bench.change(edit -> edit.weight(2, OptionalInt.of(31)));
        assertEquals(31, bench.table().get(key("10.0.0.2", "nat")));
    }

    @Test
    void theFlatFormWithoutAnyAddressSaysSoAndWithOneOfAnotherFamilyDoesNot() {
        bench.load(config(List.of(flat("nat")), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of("no interface has an address for it"), bench.vip().degraded());
        plane.addresses.add(address("2001:db8::fe"));
        bench.round();
        assertEquals(List.of(), bench.vip().listeners());
        assertEquals(List.of(), bench.vip().degraded());
    }

    @Test
    void aTableWaitsForNoNextHopWhileOneOfItsBackendsIsKnown() {
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        plane.unknownHops.add(key("10.0.0.3", "nat"));
        bench.change(edit -> edit.add("", new NewBackend(Fixtures.endpoint("10.0.0.3"), 100)));
        assertEquals(Set.of(), bench.seen.holding());
        bench.change(edit -> edit.weight(1, OptionalInt.of(50)));
        assertEquals(Map.of(key("10.0.0.1", "nat"), 50, key("10.0.0.2", "nat"), 100), bench.table());
    }

    /** By servers of its own upstream in the file: what others have, and some that are added, change nothing. */
    @Test
    void aTableSizedByItselfHasThePrimeAboveAHundredTimesItsServers() {
        Vip auto = new Vip("web", List.of(Fixtures.VIP), false, List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 0, "nat",
                "default", true, Vip.Connections.DEFAULT);
        Upstream.Server[] servers = IntStream.rangeClosed(1, 20).mapToObj(i -> server("10.0.0." + i)).toArray(Upstream.Server[]::new);
        bench.load(config(List.of(auto), upstream("default", servers), upstream("other", server("10.0.1.1"))));
        assertEquals(2003, plane.applied().tables().get(Bench.webTable()).size());
        bench.change(edit -> edit.add("default", new NewBackend(Fixtures.endpoint("10.0.2.1"), 1)));
        assertEquals(2003, plane.applied().tables().get(Bench.webTable()).size());
        assertEquals(21, bench.table().size());
    }

    /** As a program of another process that was taken over may have it. */
    @Test
    void aMethodThatIsLinkedAndThatNobodyUsesIsNoneWithoutItsBundle() {
        undeploy("nat", true);
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals(KernelState.EMPTY, plane.applied());
        assertEquals(List.of("forwarding method nat is not deployed; its packets pass until it is"), bench.vip().degraded());
    }

    @Test
    void oneWithoutWeightDrainsWhateverElseItLacks() {
        plane.unknownHops.add(key("10.0.0.2", "nat"));
        bench.load(config(List.of(Fixtures.vip("nat")), Fixtures.checked(server("10.0.0.1"), server("10.0.0.2", 0))));
        bench.probes.down("10.0.0.1");
        bench.probes.up("10.0.0.2");
        bench.pass(java.time.Duration.ofSeconds(6));
        assertEquals(List.of("no usable backend over IPv4: 1 down (10.0.0.1:80), 1 drain (10.0.0.2:80)"), bench.vip().degraded());
    }

    @Test
    void ofManyThatAreDownAFewAreNamedAndStatusSaysWhatToDo() {
        String[] addresses = IntStream.rangeClosed(1, 5).mapToObj(last -> "10.0.0." + last).toArray(String[]::new);
        bench.load(config(List.of(Fixtures.vip("nat")), Fixtures.checked(Stream.of(addresses).map(Fixtures::server).toArray(Upstream.Server[]::new))));
        Stream.of(addresses).forEach(bench.probes::down);
        bench.round();
        String why = "no usable backend over IPv4: 5 down (10.0.0.1:80, 10.0.0.2:80, 10.0.0.3:80 and 2 more)";
        assertEquals(List.of(why), bench.vip().degraded());
        assertTrue(bench.seen.warnings().contains(Problem.of(
                "LOOM-3510", "vip web is degraded", why, "loom:backend-list says why; mend one, or add another")), bench.seen.warnings()::toString);
    }
}
