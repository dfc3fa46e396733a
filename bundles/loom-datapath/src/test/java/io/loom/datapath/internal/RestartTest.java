package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.SIXTH;
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
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.Attachment;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Telemetry;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.TableKey;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.TestHandlers;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.XdpLink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outlives a process, and what the next one makes of it. */
class RestartTest extends DataPlaneFixture {
    private static final int ESTABLISHED = 1;

    @Test
    void aSecondProcessAdoptsEverything() throws Exception {
        balance(plane);
        runSyn();
        Ids before = Ids.of(plane);
        KernelState applied = plane.applied();
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        await("a sweep", () -> plane.read().connectionsActive() == 1);
        assertEquals(before, Ids.of(plane));
        assertEquals(applied.backends(), plane.applied().backends());
        assertEquals(applied.listeners(), plane.applied().listeners());
        assertEquals("", plane.applied().tables().get(TABLE).algorithm());
        assertEquals(1, plane.read().connectionsCreated());
        int table = tableId();
        balance(plane);
        assertEquals(applied, plane.applied());
        assertEquals(table, tableId());
    }

    @Test
    void aProgramThatIsToBeReplacedHasNotSettled() throws Exception {
        int before = plane.program().id();
        plane.close();
        plane = open();
        plane.configure(config(Attachment.Mode.NATIVE, 400, DEVICE));
        assertFalse(plane.programSettled());
        await("the program of the new file", plane::programSettled);
        assertNotEquals(before, plane.program().id());
        assertEquals(plane.program().id(), plane.program().attachments().get(0).programId(), "as the kernel says");
    }

    /** A card that is driven anew, a container that is connected anew: another device by the same name. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterfaceThatWentInBetweenIsAttachedAnewWhenItIsThere(boolean already) throws Exception {
        ip("link add later type veth peer name later-peer");
        try {
            plane.configure(config(DEVICE, "later"));
            AttachmentView before = plane.program().attachments().get(1);
            assertEquals("native", before.mode());
            plane.close();
            ip("link del later");
            if (already) {
                ip("link add later type veth peer name later-peer");
            }
            plane = open();
            plane.configure(config(DEVICE, "later"));
            if (!already) {
                assertEquals(List.of("LOOM-1201"), plane.problems().stream().map(Problem::code).toList());
                ip("link add later type veth peer name later-peer");
            }
            await("attachment anew", () -> plane.program().attachments().get(1).mode().equals("native"));
            assertNotEquals(before.ifindex(), plane.program().attachments().get(1).ifindex());
            assertEquals(List.of(), plane.problems());
        } finally {
            ip("link del later");
        }
    }

    /** The array is named after one of them; a vip without its table would be served by an empty one until next hops are known. */
    @Test
    void vipsThatShareAnArrayAreToldApartAfterARestart() throws Exception {
        balance(plane);
        TableKey shop = new TableKey("shop", Family.IPV4);
        put(new Change.PutTable(shop, plane.applied().tables().get(TABLE)));
        plane.apply(new Change.PutListener(tcp("10.9.9.9", 81), TestHost.spec(shop, true)));
        KernelState applied = plane.applied();
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(applied.listeners(), plane.applied().listeners());
        assertEquals(applied.tables().keySet(), plane.applied().tables().keySet());
        assertEquals(1, PinTree.pins(ROOT.resolve("tables")).size());
        int table = tableId();
        put(new Change.PutTable(List.of(TABLE, shop), applied.tables().get(TABLE)));
        assertEquals(applied.tables(), plane.applied().tables());
        assertEquals(table, tableId());
        assertTrue(settled(0));
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
        balance(plane);
        int before = plane.program().id();
        plane.close();
        try (Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            Instance.markIncomplete(meta);
        }
        plane = open();
        plane.configure(config(DEVICE));
        assertNotEquals(before, plane.program().id());
        assertEquals(KernelState.EMPTY, plane.applied());
        assertFalse(ip("addr show dev " + DEVICE).contains("10.9.9.9"));
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
        assertEquals(List.of(), PinTree.pins(Path.of("/run/loom")));
        assertFalse(ip("link show dev " + DEVICE).contains("xdp"));
        assertFalse(ip("addr show dev " + DEVICE).contains("10.9.9.9"));
        assertEquals(List.of(), Takedown.run(TestHost.BPFFS, "test", lock));
    }

    @Test
    void aSwapThatDiedHalfwayIsUndone() throws Exception {
        balance(plane);
        int before = plane.program().id();
        plane.close();
        leaveHalfASwap();
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(before, plane.program().id());
        assertTrue(ip("link show dev " + DEVICE).contains("prog/xdp id " + before));
        assertFalse(Files.exists(ROOT.resolve("prog_next")));
    }

    /** The link has the next program already, the pin has not. */
    private static void leaveHalfASwap() {
        Composition other = Composer.builtIn().compose(List.of(), TestHandlers.ALL, Tuning.small(250));
        try (ScratchPlane scratch = ScratchPlane.open(other, Map.of());
                BpfProgram present = BpfProgram.open(ROOT.resolve("prog"));
                XdpLink link = XdpLink.open(ROOT.resolve("links/lb%2E0"))) {
            scratch.program().pin(ROOT.resolve("prog_next"));
            link.update(scratch.program(), present);
        }
    }

    @Test
    void aNumberThatConnectionsReferToIsNotGivenAwayAfterARestart() throws Exception {
        balance(plane);
        runSyn();
        put(new Change.PutTable(TABLE, spec(Map.of())));
        plane.apply(new Change.RemoveBackend(nat(FIRST)));
        plane.apply(new Change.RemoveBackend(nat(SECOND)));
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        plane.apply(new Change.PutBackend(nat(SIXTH), false, false));
        // The client's connection refers to 1 or 2: the newcomer has the other one, or 3.
        int referred = connections().get(0).backend();
        assertTrue(referred > 0);
        assertEquals(Optional.empty(), backend(referred));
    }

    private static Optional<BackendEntry> backend(int number) {
        try (BpfMap backends = BpfMap.open(ROOT.resolve("maps/loom_backends"))) {
            return BackendEntry.decode(backends.lookup(Keys.of(number)).orElseThrow());
        }
    }

    /** The table sends there what it takes for older than the change: not to be a newcomer's, of another vip perhaps. */
    @Test
    void aNumberThatATableHadBeforeIsNotGivenAwayAfterARestart() throws Exception {
        balance(plane);
        assertEquals(FIRST, backend(1).orElseThrow().endpoint());
        put(new Change.PutTable(TABLE, spec(Map.of(nat(SECOND), 50))));
        plane.apply(new Change.RemoveBackend(nat(FIRST)));
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        plane.apply(new Change.PutBackend(nat(SIXTH), false, false));
        assertEquals(Optional.empty(), backend(1));
    }

    /** An established connection writes its clock once in 17 s under timeouts of 300 s; 12 s late is not idle for 4 s. */
    @Test
    void aClockThatIsLateIsNotTakenForIdlenessByShorterTimeouts() throws Exception {
        balance(plane);
        runSyn();
        makeLate(12);
        int program = plane.program().id();
        plane.configure(TestHost.config(Attachment.Mode.NATIVE, 4, DEVICE));
        await("the program with shorter timeouts", () -> plane.program().id() != program);
        runSyn();
        assertEquals(1, plane.read().connectionsCreated(), "after a reload");
        makeLate(12);
        plane.close();
        plane = open();
        plane.configure(TestHost.config(Attachment.Mode.NATIVE, 4, DEVICE));
        assertEquals(1, connections().size(), "after a restart");
        makeLate(40);
        runSyn();
        assertEquals(2, plane.read().connectionsCreated(), "it was idle");
    }

    private static void makeLate(int ticks) {
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_conns4"))) {
            new ConnectionTable(Family.IPV4, map).walk((listener, client, rawPort, word) -> {
                ConnectionWord now = ConnectionWord.decode(word);
                return new ConnectionWord(now.backend(), true, ESTABLISHED, 0, now.cookie(), now.seen() - ticks).encode();
            });
        }
    }

    private static List<ConnectionWord> connections() {
        List<ConnectionWord> found = new ArrayList<>();
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_conns4"))) {
            new ConnectionTable(Family.IPV4, map).walk((listener, client, rawPort, word) -> {
                found.add(ConnectionWord.decode(word));
                return word;
            });
        }
        return found;
    }

    @Test
    void aVersionOfAMethodWithOtherMapsIsRefusedWhileItsMapsAreInUse() throws Exception {
        balance(plane);
        plane.close();
        try (Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            meta.put("types.nat", "another layout");
        }
        plane = open();
        plane.configure(config(DEVICE));
        await("the refusal", () -> plane.problems().stream().anyMatch(problem -> problem.code().equals("LOOM-4111")));
        assertEquals(4, runSyn().result());
    }
}
