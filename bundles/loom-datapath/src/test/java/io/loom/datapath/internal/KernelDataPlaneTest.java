package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
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

import io.loom.algorithm.maglev.Maglev;
import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.Attachment;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Telemetry;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.nat.NatForwarding;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.ServiceReference;

/** The data plane with the real plugins on a real interface, in the tests' own namespace. */
class KernelDataPlaneTest {
    private static final Path ROOT = TestHost.BPFFS.resolve("loom/test");
    private static final TableKey TABLE = new TableKey("web", Family.IPV4);

    private final ServiceReference<ForwardingMethod> natService = FakeReference.ofVersion("1.0.0");
    private final ServiceReference<ForwardingMethod> ipipService = FakeReference.ofVersion("1.0.0");
    private KernelDataPlane plane;

    @BeforeEach
    void start() throws Exception {
        TestHost.addDevice();
        plane = open();
        plane.configure(config(DEVICE));
    }

    private KernelDataPlane open() {
        KernelDataPlane opened = new KernelDataPlane(TestHost.BPFFS, "test", Path.of("target/lock"));
        opened.addMethod(new NatForwarding(), natService);
        opened.addMethod(new IpipForwarding(), ipipService);
        opened.addAlgorithm(new Maglev(), FakeReference.<Algorithm>ofVersion("1.0.0"));
        return opened;
    }

    @AfterEach
    void stop() throws Exception {
        plane.close();
        Takedown.run(TestHost.BPFFS, "test", Path.of("target/lock"));
        if (Files.exists(Path.of("/sys/class/net", DEVICE))) {
            TestHost.removeDevice();
        }
    }

    private void balance(KernelDataPlane on) throws Exception {
        on.resolve(Set.of(nat(FIRST), nat(SECOND)));
        await("next hops", () -> on.unresolved().isEmpty());
        on.apply(new Change.PutBackend(nat(FIRST), false));
        on.apply(new Change.PutBackend(nat(SECOND), false));
        on.apply(new Change.PutTable(TABLE, spec(Map.of(nat(FIRST), 100, nat(SECOND), 50))));
        on.apply(new Change.PutListener(tcp("10.9.9.9", 80), new ListenerSpec(TABLE, true)));
    }

    private static TableSpec spec(Map<BackendKey, Integer> weights) {
        return new TableSpec("maglev", 1009, new TreeMap<>(weights));
    }

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

    private BpfProgram.TestRun runSyn() {
        byte[] frame = java.util.HexFormat.of().parseHex(
                "020000000001020000000099080045000028000100004006" + "0000" + "0a0100630a090909" + "9c400050000003e800000001500220000000"
                        + "0000");
        int sum = 0;
        for (int i = 14; i < 34; i += 2) {
            sum += (frame[i] & 0xff) << 8 | frame[i + 1] & 0xff;
        }
        sum = ~((sum & 0xffff) + (sum >> 16));
        frame[24] = (byte) (sum >> 8);
        frame[25] = (byte) sum;
        try (BpfProgram program = BpfProgram.open(ROOT.resolve("prog"))) {
            return program.testRun(frame, 1);
        }
    }

    @Test
    void aSecondProcessAdoptsEverything() throws Exception {
        balance(plane);
        runSyn();
        Ids before = Ids.of(plane);
        KernelState applied = plane.applied();
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        Thread.sleep(400);
        assertEquals(before, Ids.of(plane));
        assertEquals(applied.backends(), plane.applied().backends());
        assertEquals(applied.listeners(), plane.applied().listeners());
        assertEquals("", plane.applied().tables().get(TABLE).algorithm());
        assertEquals(1, plane.read().connectionsActive());
        assertEquals(1, plane.read().connectionsCreated());
        int table = tableId();
        balance(plane);
        assertEquals(applied, plane.applied());
        assertEquals(table, tableId());
    }

    private record Ids(int program, List<AttachmentView> links, List<Telemetry.MapUse> maps) {
        static Ids of(KernelDataPlane plane) {
            return new Ids(plane.program().id(), plane.program().attachments(), plane.read().maps());
        }
    }

    private static int tableId() {
        try (BpfMap tables = BpfMap.open(ROOT.resolve("maps/loom_tables"))) {
            return Keys.number(tables.lookup(Keys.of(0)).orElseThrow());
        }
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
    void anAbsentDeviceIsWaitedForAndADeletedOneIsAttachedAnew() throws Exception {
        plane.configure(config(DEVICE, "later"));
        assertEquals(List.of("LOOM-1201"), plane.problems().stream().map(Problem::code).toList());
        ip("link add later type veth peer name later-peer");
        await("attachment", () -> plane.program().attachments().get(1).mode().equals("native"));
        assertEquals(List.of(), plane.problems());
        int before = plane.program().attachments().get(1).ifindex();
        ip("link del later");
        await("absence", () -> plane.problems().size() == 1);
        ip("link add later type veth peer name later-peer");
        await("attachment anew", () -> plane.program().attachments().get(1).mode().equals("native"));
        assertNotEquals(before, plane.program().attachments().get(1).ifindex());
        plane.configure(config(DEVICE));
        assertFalse(ip("link show dev later").contains("xdp"));
        ip("link del later");
    }

    @Test
    void offloadIsRefusedWithAReason() {
        plane.configure(config(Attachment.Mode.OFFLOAD, 300, DEVICE));
        Problem problem = plane.problems().get(0);
        assertEquals("LOOM-1203", problem.code());
        assertEquals("none", plane.program().attachments().get(0).mode());
        assertFalse(problem.fix().isEmpty());
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
        plane.apply(new Change.PutTable(TABLE, new TableSpec("maglev", 2003, new TreeMap<>(Map.of(nat(SECOND), 1)))));
        assertEquals(4, runSyn().result());
        plane.apply(new Change.PutTable(TABLE, spec(Map.of())));
        // No backend: the connection of the SYN is new with each run of another port only; it hits its entry here.
        assertEquals(4, runSyn().result());
        plane.apply(new Change.RemoveBackend(nat(SECOND)));
        assertEquals(1, runSyn().result());
    }

    @Test
    void removedBackendsAreCountedUntilTheirNumberIsFree() throws Exception {
        balance(plane);
        runSyn();
        for (BackendKey backend : List.of(nat(FIRST), nat(SECOND))) {
            plane.apply(new Change.PutTable(TABLE, spec(Map.of())));
            plane.apply(new Change.RemoveBackend(backend));
        }
        assertEquals(Set.of(), plane.applied().backends());
        assertEquals(2, plane.read().backends().size());
        // The one that no connection refers to goes after two sweeps, the other stays.
        await("the free number", () -> plane.read().backends().size() == 1);
    }

    @Test
    void aVipAddressGoesWithItsLastListener() throws Exception {
        balance(plane);
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 443), new ListenerSpec(TABLE, true)));
        plane.apply(new Change.RemoveListener(tcp("10.9.9.9", 80)));
        assertTrue(ip("addr show dev " + DEVICE).contains("10.9.9.9/32"));
        plane.apply(new Change.RemoveListener(tcp("10.9.9.9", 443)));
        assertFalse(ip("addr show dev " + DEVICE).contains("10.9.9.9/32"));
    }

    @Test
    void anUnknownNextHopHasAReason() throws Exception {
        BackendKey silent = nat(TestHost.endpoint("10.1.0.77", 80));
        BackendKey far = nat(TestHost.endpoint("192.0.2.1", 80));
        plane.resolve(Set.of(silent, far, nat(TestHost.SIXTH)));
        await("answers", () -> plane.unresolved().size() == 2
                && plane.unresolved().values().stream().noneMatch(reason -> reason.contains("being looked up")));
        assertTrue(plane.unresolved().get(silent).contains("ARP"), plane.unresolved().get(silent));
        assertTrue(plane.unresolved().get(far).contains("no route"), plane.unresolved().get(far));
    }

    @Test
    void theInstanceIsForOneProcess() {
        KernelDataPlane second = open();
        LoomException refused = assertThrows(LoomException.class, () -> second.configure(config(DEVICE)));
        assertEquals("LOOM-5101", refused.code());
        assertTrue(refused.getMessage().contains("process " + ProcessHandle.current().pid()));
        second.close();
    }

    @Test
    void anotherLayoutIsNotAdopted() {
        plane.close();
        try (Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            meta.put("layout", "other");
        }
        plane = open();
        LoomException refused = assertThrows(LoomException.class, () -> plane.configure(config(DEVICE)));
        assertEquals("LOOM-5105", refused.code());
        assertTrue(refused.getMessage().contains("--detach"));
    }

    @Test
    void theRestOfAHalfMadeInstanceIsMadeAnew() throws Exception {
        int before = plane.program().id();
        plane.close();
        try (Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            meta.remove("complete");
        }
        plane = open();
        plane.configure(config(DEVICE));
        assertNotEquals(before, plane.program().id());
        assertEquals("native", plane.program().attachments().get(0).mode());
    }

    @Test
    void detachLeavesNothingAndSaysSo() throws Exception {
        balance(plane);
        Path lock = Path.of("target/lock");
        assertThrows(LoomException.class, () -> Takedown.run(TestHost.BPFFS, "test", lock));
        plane.close();
        List<String> done = Takedown.run(TestHost.BPFFS, "test", lock);
        assertTrue(done.contains("detached from " + DEVICE), done::toString);
        assertTrue(done.contains("took address 10.9.9.9 off " + DEVICE), done::toString);
        assertFalse(Files.exists(ROOT));
        assertFalse(ip("link show dev " + DEVICE).contains("xdp"));
        assertFalse(ip("addr show dev " + DEVICE).contains("10.9.9.9"));
        assertEquals(List.of(), Takedown.run(TestHost.BPFFS, "test", lock));
    }
}
