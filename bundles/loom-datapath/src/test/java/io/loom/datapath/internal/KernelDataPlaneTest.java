package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.SIXTH;
import static io.loom.datapath.internal.TestHost.address;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.ip;
import static io.loom.datapath.internal.TestHost.nat;
import static io.loom.datapath.internal.TestHost.tcp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.Attachment;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Telemetry;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.LookupTable;
import io.loom.api.plugin.ProtocolHandler;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableNotBuilt;
import io.loom.control.dataplane.TableSpec;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.osgi.framework.ServiceReference;

/** What the control plane asks for, and what comes and goes around it. */
class KernelDataPlaneTest extends DataPlaneFixture {
    private static final int XDP_PASS = 2;
    private static final int XDP_TX = 3;

    private static final TableKey SIX = new TableKey("web", Family.IPV6);

    @Test
    void whatIsAppliedIsInTheKernel() throws Exception {
        balance(plane);
        KernelState applied = plane.applied();
        assertEquals(Set.of(nat(FIRST), nat(SECOND)), applied.backends());
        assertEquals(Set.of(TABLE), applied.tables().keySet());
        assertTrue(ip("addr show dev " + DEVICE).contains("10.9.9.9/32"));
        AttachmentView attachment = plane.program().attachments().get(0);
        assertEquals("native", attachment.mode());
        assertTrue(ip("link show dev " + DEVICE).contains("prog/xdp id " + plane.program().id()));
        assertEquals(List.of(), plane.problems());
        assertEquals(Set.of(address("10.1.0.1"), address("2001:db8:7::1")), plane.interfaceAddresses());
    }

    @Test
    void aSynToTheVipLeavesTowardsABackendAndIsCounted() throws Exception {
        balance(plane);
        BpfProgram.TestRun run = runSyn();
        // The test run's interface is lo: out on another one is a redirect.
        assertEquals(4, run.result());
        Telemetry.Counters counters = plane.read();
        assertEquals(1, counters.verdicts().stream().filter(v -> v.reason().equals("forward")).findFirst().orElseThrow().packets());
        assertEquals(1, counters.backends().stream().mapToLong(Telemetry.BackendCount::connections).sum());
        assertEquals(1, counters.connectionsCreated());
        assertTrue(counters.verdicts().stream().anyMatch(v -> v.reason().equals("nat_drop_ports_exhausted")));
        await("the sweep", () -> plane.read().connectionsActive() == 1);
    }

    /** The flat form. An IPv6 interface has a link-local address beside it, from which the kernel routes nothing. */
    @Test
    void anInterfaceThatHasNoAddressesButVipsReachesItsBackendsAllTheSame() throws Exception {
        Set<BackendKey> backends = Set.of(nat(FIRST), nat(SIXTH));
        plane.resolve(backends);
        await("next hops", () -> plane.unresolved().isEmpty());
        for (Family family : Family.values()) {
            BackendKey backend = nat(family == Family.IPV4 ? FIRST : SIXTH);
            TableKey table = new TableKey("web", family);
            plane.apply(new Change.PutBackend(backend, false, false));
            put(new Change.PutTable(table, spec(Map.of(backend, 100))));
            String own = family == Family.IPV4 ? "10.1.0.1" : "2001:db8:7::1";
            plane.apply(new Change.PutListener(tcp(own, 80), TestHost.spec(table, false)));
        }
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        plane.resolve(backends);
        await("next hops, while both addresses are vips", () -> plane.unresolved().isEmpty());
    }

    /** Connections of nat have it as their own end: an address that becomes a vip must not take it from them, nor a restart. */
    @Test
    void theAddressThatABackendIsSentToFromStays() throws Exception {
        ip("addr add 10.1.0.2/24 dev " + DEVICE);
        balance(plane);
        assertEquals(Set.of(address("10.1.0.1")), sources());
        plane.apply(new Change.PutListener(tcp("10.1.0.1", 80), TestHost.spec(TABLE, false)));
        Thread.sleep(1500);
        assertEquals(Set.of(address("10.1.0.1")), sources(), "it is a vip now");
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        balance(plane);
        Thread.sleep(1500);
        assertEquals(Set.of(address("10.1.0.1")), sources(), "after a restart");
        ip("addr del 10.1.0.1/24 dev " + DEVICE); // and with it 10.1.0.2, which is secondary to it
        ip("addr add 10.1.0.2/24 dev " + DEVICE);
        await("another one, as this one is gone", () -> sources().equals(Set.of(address("10.1.0.2"))));
    }

    /** From the first look on: listeners come later. */
    @Test
    void anAddressThatIsToBeAVipIsNotSentFromIfThereIsAnother() throws Exception {
        ip("addr add 10.1.0.2/24 dev " + DEVICE);
        plane.configure(TestHost.withVip(config(DEVICE), "10.1.0.1"));
        balance(plane);
        assertEquals(Set.of(address("10.1.0.2")), sources());
    }

    private static Set<InetAddress> sources() {
        Set<InetAddress> sources = new HashSet<>();
        try (BpfMap backends = BpfMap.open(ROOT.resolve("maps/loom_backends"))) {
            backends.forEach((key, value) ->
                    BackendEntry.decode(value).flatMap(BackendEntry::hop).ifPresent(hop -> sources.add(hop.source())));
        }
        return sources;
    }

    @Test
    void removingAnUnusedMethodChangesTheProgramAndBringingItBackRestoresIt() throws Exception {
        balance(plane);
        String tag = plane.program().tag();
        int id = plane.program().id();
        plane.removeMethod(null, ipipService);
        await("the swap", () -> plane.program().id() != id);
        assertNotEquals(tag, plane.program().tag());
        assertEquals(Set.of("nat"), plane.methods().keySet());
        plane.addMethod(new IpipForwarding(), ipipService);
        await("the swap back", () -> plane.program().tag().equals(tag));
        assertEquals(Set.of("nat", "ipip"), plane.methods().keySet());
        assertTrue(ip("link show dev " + DEVICE).contains("prog/xdp id " + plane.program().id()));
    }

    @Test
    void aMethodThatIsInUseStaysWhenItsBundleGoes() throws Exception {
        balance(plane);
        String tag = plane.program().tag();
        plane.removeMethod(null, natService);
        await("the problem", () -> plane.problems().stream().anyMatch(problem -> problem.code().equals("LOOM-4107")));
        assertEquals(tag, plane.program().tag());
        assertFalse(plane.methods().get("nat").deployed());
        assertEquals(4, runSyn().result());
    }

    @Test
    void aMethodWhoseSelfTestFailsIsNotTaken() throws Exception {
        String tag = plane.program().tag();
        ForwardingMethod broken = BrokenMethods.wrongSelfTest();
        plane.addMethod(broken, FakeReference.ofVersion("9.0.0"));
        await("the problem", () -> plane.problems().stream().anyMatch(problem -> problem.code().equals("LOOM-4105")));
        assertEquals(tag, plane.program().tag());
        assertEquals(Set.of("nat", "ipip"), plane.methods().keySet());
    }

    @Test
    void aMethodWhoseObjectCannotBeLinkedIsLeftOutAndOthersStillComeAndGo() throws Exception {
        ServiceReference<ForwardingMethod> garbage = FakeReference.ofVersion("1.0.0");
        ForwardingMethod broken = BrokenMethods.garbage();
        plane.addMethod(broken, garbage);
        await("the problem", () -> plane.problems().stream().anyMatch(problem -> problem.code().equals("LOOM-4114")));
        ServiceReference<ForwardingMethod> other = FakeReference.ofVersion("1.0.0");
        plane.addMethod(BrokenMethods.secondIpip(), other);
        await("the other method", () -> plane.methods().containsKey("ipip2"));
        plane.removeMethod(broken, garbage);
        await("no problem", () -> plane.problems().isEmpty());
    }

    /** Nothing else asks for it. What stands in the way is nothing that Loom ever puts there, and no failure that it knows. */
    @Test
    void aProgramThatCannotTakeItsPlaceIsTriedAgainByItself() throws Exception {
        await("the first comparison", plane::programSettled);
        Path inTheWay = Files.createDirectories(ROOT.resolve("prog_next/full"));
        plane.addMethod(BrokenMethods.secondIpip(), FakeReference.ofVersion("1.0.0"));
        CountDownLatch attempt = new CountDownLatch(1);
        plane.onChange(attempt::countDown);
        assertTrue(attempt.await(60, TimeUnit.SECONDS));
        assertEquals(Set.of("nat", "ipip"), plane.methods().keySet());
        Files.delete(inTheWay);
        Files.delete(inTheWay.getParent());
        await("another attempt", () -> plane.methods().containsKey("ipip2"));
    }

    @Test
    void aHandlerWhoseObjectCannotBeLinkedTakesNoMethodWithItAndTheOneBeforeStays() throws Exception {
        ServiceReference<ProtocolHandler> garbage = FakeReference.ofVersion("9.0.0");
        plane.addHandler(IntroductionsTest.handler(Protocol.TCP, new byte[5000]), garbage);
        await("the problem", () -> plane.problems().stream().anyMatch(problem ->
                problem.code().equals("LOOM-4114") && problem.what().contains("protocol handler for TCP")));
        plane.addMethod(BrokenMethods.secondIpip(), FakeReference.ofVersion("1.0.0"));
        await("another method", () -> plane.methods().containsKey("ipip2"));
        assertEquals(Set.of("nat", "ipip", "ipip2"), plane.methods().keySet());
        assertEquals(Set.of(Protocol.TCP, Protocol.UDP), plane.protocols());
        plane.removeHandler(null, garbage);
        await("no problem", () -> plane.problems().isEmpty());
    }

    /** Of two backends one goes while the algorithm fails: the table in force must not name it any more. */
    @Test
    void aTableThatIsNotMadeAnewLosesTheBackendsThatAreGone() throws Exception {
        balance(plane);
        int number = 0;
        ServiceReference<Algorithm> failing = FakeReference.ofVersion("9.0.0");
        plane.addAlgorithm(new FailingAlgorithm("maglev"), failing);
        TableNotBuilt not = assertThrows(TableNotBuilt.class,
                () -> plane.apply(new Change.PutTable(TABLE, spec(Map.of(nat(SECOND), 50)))));
        assertTrue(not.isForwarding());
        assertEquals("LOOM-4112", not.code());
        int[] named = Arrays.stream(entries(number)).map(TableEntry::current).distinct().toArray();
        assertEquals(1, named.length, "one backend is left: " + Arrays.toString(named));
        assertEquals(new TableSpec("", 1009, new TreeMap<>(Map.of(nat(SECOND), 50))), plane.applied().tables().get(TABLE));
        plane.apply(new Change.RemoveBackend(nat(FIRST)));
        assertEquals(4, runSyn().result());
        plane.removeAlgorithm(null, failing);
        put(new Change.PutTable(TABLE, spec(Map.of(nat(SECOND), 50))));
        assertEquals("maglev", plane.applied().tables().get(TABLE).algorithm());
    }

    private record FailingAlgorithm(String name) implements Algorithm {
        @Override
        public LookupTable build(BackendSet backends, int size) {
            throw new StackOverflowError("too deep");
        }
    }

    @Test
    void aMethodThatCannotDescribeItselfIsAProblemAsLongAsItIsDeployed() throws Exception {
        ServiceReference<ForwardingMethod> reference = FakeReference.ofVersion("1.0.0");
        ForwardingMethod broken = BrokenMethods.method(null, new byte[0]);
        plane.addMethod(broken, reference);
        assertEquals(List.of("LOOM-4113"), plane.problems().stream().map(Problem::code).toList());
        plane.removeMethod(broken, reference);
        assertEquals(List.of(), plane.problems());
    }

    @Test
    void aTimeoutThatChangesSwapsTheProgram() throws Exception {
        int id = plane.program().id();
        plane.configure(config(Attachment.Mode.NATIVE, 77, DEVICE));
        await("the swap", () -> plane.program().id() != id);
    }

    @Test
    void aTableOfAnotherSizeTakesAnotherNumberAndItsListenersFollow() throws Exception {
        balance(plane);
        put(new Change.PutTable(TABLE, new TableSpec("maglev", 2003, new TreeMap<>(Map.of(nat(SECOND), 1)))));
        assertEquals(4, runSyn().result());
        put(new Change.PutTable(TABLE, spec(Map.of())));
        // No backend: the connection of the SYN is new with each run of another port only; it hits its entry here.
        assertEquals(4, runSyn().result());
        plane.apply(new Change.RemoveBackend(nat(SECOND)));
        assertEquals(XDP_TX, runSyn().result(), "refused");
    }

    @Test
    void removedBackendsAreCountedUntilTheirNumberIsFree() throws Exception {
        balance(plane);
        runSyn();
        for (BackendKey backend : List.of(nat(FIRST), nat(SECOND))) {
            put(new Change.PutTable(TABLE, spec(Map.of())));
            plane.apply(new Change.RemoveBackend(backend));
        }
        assertEquals(Set.of(), plane.applied().backends());
        assertEquals(2, plane.read().backends().size());
        plane.apply(new Change.RemoveListener(tcp("10.9.9.9", 80)));
        plane.apply(new Change.RemoveTable(TABLE));
        // The one that no connection refers to goes after two sweeps, the other stays.
        await("the free number", () -> plane.read().backends().size() == 1);
    }

    @Test
    void aVipAddressGoesWithItsLastListener() throws Exception {
        balance(plane);
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 443), TestHost.spec(TABLE, true)));
        plane.apply(new Change.RemoveListener(tcp("10.9.9.9", 80)));
        assertTrue(ip("addr show dev " + DEVICE).contains("10.9.9.9/32"));
        plane.apply(new Change.RemoveListener(tcp("10.9.9.9", 443)));
        assertFalse(ip("addr show dev " + DEVICE).contains("10.9.9.9/32"));
    }

    @Test
    void theProgramAnswersPingsOfAnAddressAsLongAsItHasAListener() throws Exception {
        balance(plane);
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 443), TestHost.spec(TABLE, true)));
        plane.apply(new Change.RemoveListener(tcp("10.9.9.9", 80)));
        assertEquals(XDP_TX, runPing());
        plane.apply(new Change.RemoveListener(tcp("10.9.9.9", 443)));
        assertEquals(XDP_PASS, runPing());
    }

    @Test
    void echoThatIsSwitchedOffIsLeftToTheLocalStack() throws Exception {
        balance(plane);
        plane.configure(config(DEVICE, IcmpSettings.SILENT));
        await("the program without echo", () -> runPing() == XDP_PASS);
        plane.configure(config(DEVICE));
        await("the program with echo", () -> runPing() == XDP_TX);
    }

    @Test
    void theSourceTowardsABackendIsAVipIfThereIsNothingElseAndStaysIt() throws Exception {
        plane.resolve(Set.of(nat(SIXTH)));
        put(new Change.PutTable(SIX, spec(Map.of())));
        plane.apply(new Change.PutListener(tcp("2001:db8:7::1", 80), TestHost.spec(SIX, false)));
        await("the next hop", () -> plane.unresolved().isEmpty());
        plane.apply(new Change.PutBackend(nat(SIXTH), false, false));
        await("the vip as source", () -> source().equals(address("2001:db8:7::1")));
        ip("-6 addr add 2001:db8:7::2/64 dev " + DEVICE + " nodad");
        Thread.sleep(1500);
        assertEquals(address("2001:db8:7::1"), source(), "connections have it as their own end");
    }

    private static InetAddress source() {
        try (BpfMap backends = BpfMap.open(ROOT.resolve("maps/loom_backends"))) {
            return BackendEntry.decode(backends.lookup(Keys.of(1)).orElseThrow()).orElseThrow().hop().orElseThrow().source();
        }
    }

    @Test
    void anUnknownNextHopHasAReason() throws Exception {
        BackendKey silent = nat(TestHost.endpoint("10.1.0.77", 80));
        BackendKey far = nat(TestHost.endpoint("192.0.2.1", 80));
        plane.resolve(Set.of(silent, far, nat(SIXTH)));
        await("answers", () -> plane.unresolved().size() == 2
                && plane.unresolved().values().stream().noneMatch(reason -> reason.contains("being looked up")));
        assertTrue(plane.unresolved().get(silent).contains("ARP"), plane.unresolved().get(silent));
        assertTrue(plane.unresolved().get(far).contains("no route"), plane.unresolved().get(far));
    }
}
