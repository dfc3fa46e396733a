package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.key;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.NewBackend;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which backends the kernel must not give new connections to, not even those of a client that was there before. */
class DrainingTest {
    private static final BackendKey ONE = key("10.0.0.1", "nat");
    private static final BackendKey TWO = key("10.0.0.2", "nat");

    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, plane);
        bench.load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        bench.takeChanges();
    }

    private List<String> steps() {
        return bench.takeChanges().stream().map(change -> change.getClass().getSimpleName()).toList();
    }

    @Test
    void aWeightOfZeroMarksTheBackendAfterTheTableLetGoOfIt() {
        bench.change(edit -> edit.weight(2, OptionalInt.of(0)));
        assertEquals(Set.of(TWO), plane.applied().draining());
        assertEquals(List.of("PutTable", "PutBackend"), steps());
        bench.change(edit -> edit.weight(2, OptionalInt.of(1)));
        assertEquals(Set.of(), plane.applied().draining());
        assertEquals(List.of("PutBackend", "PutTable"), steps());
    }

    @Test
    void aRemovedBackendIsMarkedUntilItsNumberIsRetired() {
        bench.change(edit -> edit.remove(2));
        assertEquals(Set.of(TWO), plane.applied().draining());
        assertEquals(Set.of(ONE, TWO), plane.applied().backends());
        bench.pass(java.time.Duration.ofMinutes(6));
        assertEquals(Set.of(ONE), plane.applied().backends());
        assertEquals(Set.of(), plane.applied().draining());
    }

    /** What the kernel refuses at that moment is tried again soon, not after another five minutes. */
    @Test
    void aDeadlineThatPassesWhileTheKernelRefusesIsNotBegunAnew() {
        bench.change(edit -> edit.remove(2));
        plane.refused = Change.RemoveBackend.class::isInstance;
        bench.pass(java.time.Duration.ofMinutes(6));
        assertEquals(Set.of(ONE, TWO), plane.applied().backends());
        plane.refused = change -> false;
        bench.pass(java.time.Duration.ofSeconds(6));
        assertEquals(Set.of(ONE), plane.applied().backends());
    }

    /** One that comes back meanwhile and goes again has connections anew. */
    @Test
    void whoComesBackAndGoesAgainHasTheWholeTime() {
        bench.change(edit -> edit.remove(2));
        plane.refused = Change.RemoveBackend.class::isInstance;
        bench.pass(java.time.Duration.ofMinutes(6));
        plane.refused = change -> false;
        bench.change(edit -> edit.add("default", new NewBackend(Fixtures.endpoint("10.0.0.2"), 100)));
        bench.change(edit -> edit.remove(2));
        bench.pass(java.time.Duration.ofMinutes(4));
        assertEquals(Set.of(ONE, TWO), plane.applied().backends());
    }

    @Test
    void theEntriesOfAMethodThatTheVipLeftAreMarked() {
        bench.load(web("ipip", server("10.0.0.1"), server("10.0.0.2")));
        assertEquals(Set.of(ONE, TWO), plane.applied().draining());
    }

    /** What one group says of an address is no business of another one's vips. */
    @Test
    void anAddressInTwoGroupsDrainsInTheOneThatLetsGoOfIt() {
        Vip web = Fixtures.vip("nat");
        Vip shop = new Vip("shop", List.of(Fixtures.address("10.9.0.2")), false, web.services(), "maglev", 7, "nat", "shop",
                true, Vip.Connections.DEFAULT);
        BackendKey there = Fixtures.key("shop", "10.0.0.2", "nat");
        bench.load(config(List.of(web, shop), upstream("default", server("10.0.0.1"), server("10.0.0.2", 0)),
                upstream("shop", server("10.0.0.2"))));
        assertEquals(Set.of(ONE, TWO, there), plane.applied().backends());
        assertEquals(Set.of(TWO), plane.applied().draining());
        bench.load(config(List.of(web, shop), upstream("default", server("10.0.0.1"), server("10.0.0.2")),
                upstream("shop", server("10.0.0.2", 0))));
        assertEquals(Set.of(there), plane.applied().draining());
        bench.load(config(List.of(web, shop), upstream("default", server("10.0.0.1")), upstream("shop", server("10.0.0.2"))));
        assertEquals(Set.of(TWO), plane.applied().draining(), "removed from one, and alive in the other");
    }

    /** Probes of one group may fail where those of another do not: they have another port. */
    @Test
    void anAddressInTwoGroupsIsDownInTheOneWhoseProbesFail() {
        Vip web = Fixtures.vip("nat");
        Vip shop = new Vip("shop", List.of(Fixtures.address("10.9.0.2")), false, web.services(), "maglev", 7, "nat", "shop",
                true, Vip.Connections.DEFAULT);
        bench.load(config(List.of(web, shop), Fixtures.checked(server("10.0.0.1"), server("10.0.0.2")),
                Fixtures.checked("shop", server("10.0.0.2"))));
        bench.probes.down("default", "10.0.0.2");
        bench.round();
        assertEquals(Set.of(TWO), plane.applied().down());
        bench.probes.down("shop", "10.0.0.2");
        bench.probes.up("10.0.0.2");
        bench.round();
        assertEquals(Set.of(key("shop", "10.0.0.2", "nat")), plane.applied().down());
        Bench restarted = new Bench(data, plane);
        restarted.load(config(List.of(web, shop), Fixtures.checked(server("10.0.0.1"), server("10.0.0.2")),
                Fixtures.checked("shop", server("10.0.0.2"))));
        assertEquals(Set.of(key("shop", "10.0.0.2", "nat")), plane.applied().down(), "until it is probed");
    }

    /** What is sent there comes back to this host. */
    @Test
    void anAddedBackendWhoseAddressTheFileGivesToAVipGetsNothingAsLongAsItDoes() {
        bench.change(edit -> edit.add("default", new NewBackend(Fixtures.endpoint("10.9.0.2"), 7)));
        BackendKey added = key("10.9.0.2", "nat");
        LoomConfig before = web("nat", server("10.0.0.1"), server("10.0.0.2"));
        assertEquals(Set.of(ONE, TWO, added), bench.table().keySet());
        Vip other = new Vip("other", List.of(Fixtures.address("10.9.0.2")), false, Fixtures.vip("nat").services(), "maglev", 7, "nat", "default", true,
                Vip.Connections.DEFAULT);
        bench.load(config(List.of(Fixtures.vip("nat"), other), upstream("default", server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(Set.of(ONE, TWO), bench.table().keySet());
        assertEquals(Set.of(added), plane.applied().down());
        assertEquals("DOWN the file gives its address to vip other", bench.backend(3).state() + " " + bench.backend(3).reason());
        assertEquals(7, bench.backend(3).weight());
        bench.load(before);
        assertEquals(Set.of(ONE, TWO, added), bench.table().keySet());
        assertEquals(Set.of(), plane.applied().down());
    }

    @Test
    void norDoesOneWhoseAddressTheFileGivesToNat() {
        bench.change(edit -> edit.add("default", new NewBackend(Fixtures.endpoint("10.0.0.3"), 7)));
        bench.load(Fixtures.sendingFrom("10.0.0.3", web("nat", server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(Set.of(ONE, TWO), bench.table().keySet());
        assertEquals(List.of("LOOM-3512"), bench.seen.warnings().stream().map(Problem::code).toList());
        bench.change(edit -> edit.remove(3));
        LoomException refused = assertThrows(LoomException.class,
                () -> bench.change(edit -> edit.add("default", new NewBackend(Fixtures.endpoint("10.0.0.3"), 7))));
        assertEquals("LOOM-3419 $.address: 10.0.0.3:80 cannot be a backend: the file gives its address to nat (source_addresses); "
                + "give the address of a server", refused.getMessage());
    }

    /** Its connections would wait for their timeout. */
    @Test
    void aRemovedBackendThatDiesWhileItDrainsLosesItsConnections() {
        bench.load(config(List.of(Fixtures.vip("nat")), Fixtures.checked(server("10.0.0.1"), server("10.0.0.2"))));
        bench.probes.up("10.0.0.1");
        bench.probes.up("10.0.0.2");
        bench.round();
        bench.change(edit -> edit.remove(2));
        assertEquals(Set.of(TWO), plane.applied().draining());
        assertEquals(2, bench.probes.targets.size(), "it is probed on");
        assertEquals(Set.of(), plane.applied().down());
        bench.probes.down("10.0.0.2");
        bench.round();
        assertEquals(Set.of(TWO), plane.applied().down());
        bench.pass(java.time.Duration.ofMinutes(6));
        assertEquals(Set.of(ONE), plane.applied().backends());
        assertEquals(1, bench.probes.targets.size(), "and not for ever");
    }

    @Test
    void oneWhoseWholeGroupHasGoneIsProbedWhileItDrains() {
        Vip web = Fixtures.vip("nat");
        Vip shop = new Vip("shop", List.of(Fixtures.address("10.9.0.2")), false, web.services(), "maglev", 7, "nat", "shop",
                true, Vip.Connections.DEFAULT);
        bench.load(config(List.of(web, shop), upstream("default", server("10.0.0.1")), Fixtures.checked("shop", server("10.0.0.2"))));
        bench.load(web("nat", server("10.0.0.1")));
        bench.probes.down("shop", "10.0.0.2");
        bench.round();
        assertEquals(Set.of(key("shop", "10.0.0.2", "nat")), plane.applied().down());
        bench.load(config(List.of(web, shop), upstream("default", server("10.0.0.1")), Fixtures.checked("shop", server("10.0.0.2"))));
        assertEquals(1, bench.probes.targets.size(), "and once when it is back");
    }

    @Test
    void connectionsStayWithABackendThatIsDownIfTheUpstreamSaysSo() {
        List<Vip> vips = List.of(Fixtures.vip("nat"));
        bench.load(config(vips, Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        bench.probes.up("10.0.0.1");
        bench.probes.down("10.0.0.2");
        bench.takeChanges();
        bench.round();
        assertEquals(Set.of(), plane.applied().down());
        assertEquals(Set.of(TWO), plane.applied().draining(), "no client begins there, not even one that was there before");
        assertEquals(List.of("PutTable", "PutBackend"), steps());
        assertEquals(Set.of(ONE), plane.applied().tables().values().iterator().next().weights().keySet());
        bench.load(config(vips, Fixtures.checked(server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(Set.of(TWO), plane.applied().down(), "the file says otherwise now");
        assertEquals(Set.of(), plane.applied().draining());
        bench.load(config(vips, Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(Set.of(), plane.applied().down());
        bench.probes.up("10.0.0.2");
        bench.round();
        assertEquals(Set.of(), plane.applied().draining());
        assertEquals(Set.of(ONE, TWO), plane.applied().tables().values().iterator().next().weights().keySet());
    }

    /** The kernel has it as one that drains; a probe has to tell that it is well. */
    @Test
    void afterARestartOneThatKeepsItsConnectionsIsDownUntilItIsProbed() {
        List<Vip> vips = List.of(Fixtures.vip("nat"));
        bench.load(config(vips, Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        bench.probes.up("10.0.0.1");
        bench.probes.down("10.0.0.2");
        bench.round();
        bench = new Bench(data, plane);
        bench.load(config(vips, Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(Set.of(TWO), plane.applied().draining());
        assertEquals(Set.of(ONE), plane.applied().tables().values().iterator().next().weights().keySet());
        bench.probes.up("10.0.0.2");
        bench.round();
        assertEquals(Set.of(), plane.applied().draining());
    }

    /** A method that the vip has left drains beside the new one, and says nothing of the server. */
    @Test
    void afterARestartAMethodThatDrainsMakesNothingDown() {
        bench.load(config(List.of(Fixtures.vip("nat")), Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        bench.load(config(List.of(Fixtures.vip("ipip")), Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(Set.of(ONE, TWO), plane.applied().draining());
        bench = new Bench(data, plane);
        bench.load(config(List.of(Fixtures.vip("ipip")), Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        assertEquals(2, plane.applied().tables().values().iterator().next().weights().size());
    }

    @Test
    void aRestartMarksNothingThatATableOfUnknownContentMayName() {
        plane.forgetTables();
        plane.algorithms.clear();
        bench = new Bench(data, plane);
        bench.load(web("nat", server("10.0.0.1")));
        assertEquals(List.of(), bench.takeChanges());
        plane.algorithms.add("maglev");
        bench.round();
        assertEquals(Set.of(TWO), plane.applied().draining());
        assertEquals(List.of(new Change.PutBackend(TWO, false, true)), bench.takeChanges().stream()
                .filter(Change.PutBackend.class::isInstance).toList());
    }

    @Test
    void aRemovedBackendOfAnUpstreamThatKeepsConnectionsKeepsThemWhenItDies() {
        bench.load(config(List.of(Fixtures.vip("nat")), Fixtures.keeping(server("10.0.0.1"), server("10.0.0.2"))));
        bench.probes.up("10.0.0.1");
        bench.probes.up("10.0.0.2");
        bench.round();
        bench.change(edit -> edit.remove(2));
        bench.probes.down("10.0.0.2");
        bench.round();
        assertEquals(Set.of(), plane.applied().down());
        assertEquals(Set.of(TWO), plane.applied().draining());
    }

    /** Nothing probes it any more. */
    @Test
    void afterARestartARemovedBackendThatHadDiedStaysDown() {
        LoomConfig file = config(List.of(Fixtures.vip("nat")), Fixtures.checked(server("10.0.0.1"), server("10.0.0.2")));
        bench.load(file);
        bench.probes.up("10.0.0.1");
        bench.probes.up("10.0.0.2");
        bench.round();
        bench.change(edit -> edit.remove(2));
        bench.probes.down("10.0.0.2");
        bench.round();
        plane.forgetTables();
        bench = new Bench(data, plane);
        bench.load(file);
        bench.probes.up("10.0.0.1");
        bench.round();
        assertEquals(Set.of(TWO), plane.applied().down());
        assertEquals(Set.of(ONE, TWO), plane.applied().backends());
    }
}
