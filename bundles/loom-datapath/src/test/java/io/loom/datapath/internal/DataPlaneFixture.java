package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.nat;
import static io.loom.datapath.internal.TestHost.tcp;

import io.loom.algorithm.maglev.Maglev;
import io.loom.api.Family;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.ProtocolHandler;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableNotBuilt;
import io.loom.control.dataplane.TableSpec;
import io.loom.datapath.Composer;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.nat.NatForwarding;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.UpdateMode;
import io.loom.protocol.tcp.TcpHandler;
import io.loom.protocol.udp.UdpHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.osgi.framework.ServiceReference;

/** A data plane with the real plugins on a real interface, new for each test. */
abstract class DataPlaneFixture {
    static final Path ROOT = TestHost.BPFFS.resolve("loom/test");
    /** Each method's packets are run once for all tests. */
    private static final SelfTests PASSED = new SelfTests();
    private static final int CLIENT_PORT = 40000;
    static final TableKey TABLE = new TableKey("web", Family.IPV4);

    final ServiceReference<ForwardingMethod> natService = FakeReference.ofVersion("1.0.0");
    final ServiceReference<ForwardingMethod> ipipService = FakeReference.ofVersion("1.0.0");
    KernelDataPlane plane;

    @BeforeEach
    void start() throws Exception {
        TestHost.addDevice();
        plane = open();
        plane.configure(config(DEVICE));
    }

    KernelDataPlane open() {
        KernelDataPlane opened = new KernelDataPlane(null, TestHost.BPFFS, "test", Path.of("target/lock"), Ending.NONE, PASSED);
        opened.addMethod(new NatForwarding(), natService);
        opened.addMethod(new IpipForwarding(), ipipService);
        opened.addHandler(new TcpHandler(), FakeReference.<ProtocolHandler>ofVersion("1.0.0"));
        opened.addHandler(new UdpHandler(), FakeReference.<ProtocolHandler>ofVersion("1.0.0"));
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

    void balance(KernelDataPlane on) throws Exception {
        on.resolve(Set.of(nat(FIRST), nat(SECOND)));
        await("next hops", () -> on.unresolved().isEmpty());
        on.apply(new Change.PutBackend(nat(FIRST), false, false));
        on.apply(new Change.PutBackend(nat(SECOND), false, false));
        put(on, new Change.PutTable(TABLE, spec(Map.of(nat(FIRST), 100, nat(SECOND), 50))));
        on.apply(new Change.PutListener(tcp("10.9.9.9", 80), TestHost.spec(TABLE, true)));
    }

    void put(Change.PutTable table) throws Exception {
        put(plane, table);
    }

    /** As the control plane does: on a busy host a table may take longer than is waited for, and is asked for again. */
    private static void put(KernelDataPlane on, Change.PutTable table) throws Exception {
        build(on, table);
        on.flush();
    }

    /** In the kernel after the next flush. */
    void build(Change.PutTable table) throws Exception {
        build(plane, table);
    }

    private static void build(KernelDataPlane on, Change.PutTable table) throws Exception {
        await("the table is built", () -> {
            try {
                on.applyLater(table);
                return true;
            } catch (TableNotBuilt not) {
                if (!not.isPending()) {
                    throw not;
                }
                return false;
            }
        });
    }

    /** As if an earlier version had made the instance, which knew no such map. No plane is open. */
    static void forget(String map) throws IOException {
        Files.delete(ROOT.resolve("maps").resolve(map));
        try (Meta meta = Meta.open(new PinTree(ROOT).meta())) {
            meta.remove(Instance.MAP + map);
        }
    }

    static TableSpec spec(Map<BackendKey, Integer> weights) {
        return new TableSpec("maglev", 1009, new TreeMap<>(weights));
    }

    /** Of a lookup table in the kernel. */
    static int[] entries(int table) {
        try (BpfMap tables = BpfMap.open(ROOT.resolve("maps/loom_tables"))) {
            return new TableContent(tables, ROOT.resolve("tables")).read(table, 1009).orElseThrow();
        }
    }

    /** Whether no connection is looked for behind the table's back. */
    static boolean settled(int table) {
        return Arrays.stream(entries(table)).noneMatch(TableEntry::isChanging);
    }

    /** The SYN of one client, always the same, through the pinned program. */
    BpfProgram.TestRun runSyn() {
        return runSyn(ROOT.resolve("prog"));
    }

    /** The same through another pinned program. */
    BpfProgram.TestRun runSyn(Path pin) {
        return runSyn(pin, CLIENT_PORT);
    }

    /** The SYN of the same client from another port. */
    BpfProgram.TestRun runSyn(int port) {
        return runSyn(ROOT.resolve("prog"), port);
    }

    private static BpfProgram.TestRun runSyn(Path pin, int port) {
        return runTcp(pin, port, "02");
    }

    /** A segment from the middle of a connection of the same client. */
    BpfProgram.TestRun runAck(int port) {
        return runTcp(ROOT.resolve("prog"), port, "10");
    }

    private static BpfProgram.TestRun runTcp(Path pin, int port, String flags) {
        return run(pin, "020000000001020000000099080045000028000100004006" + "0000" + "0a0100630a090909"
                + HexFormat.of().toHexDigits((short) port) + "0050000003e80000000150" + flags + "20000000" + "0000");
    }

    /** The same client's ping of the vip; returns the XDP action. */
    int runPing() {
        return run(ROOT.resolve("prog"), "02000000000102000000009908004500001c000100004001" + "0000" + "0a0100630a090909" + "0800f7fe00000001").result();
    }

    /** @param hex an Ethernet frame whose IPv4 header lacks its checksum */
    static BpfProgram.TestRun run(Path pin, String hex) {
        byte[] frame = HexFormat.of().parseHex(hex);
        int sum = 0;
        for (int i = 14; i < 34; i += 2) {
            sum += (frame[i] & 0xff) << 8 | frame[i + 1] & 0xff;
        }
        sum = ~((sum & 0xffff) + (sum >> 16));
        frame[24] = (byte) (sum >> 8);
        frame[25] = (byte) sum;
        try (BpfProgram program = BpfProgram.open(pin)) {
            return program.testRun(frame, 1);
        }
    }

    /** The kernel's clock. */
    static int now() {
        try (BpfObject questions = BpfObject.open("loom_questions", Composer.object("nexthop"))) {
            questions.load();
            try (KernelClock clock = new KernelClock(questions.program("loom_clock"))) {
                return clock.tick();
            }
        }
    }

    /** Tells nat when a neighbour, and when an interface has moved, as ticks. */
    static void moved(int neighbour, int device) {
        try (BpfMap moved = BpfMap.open(ROOT.resolve("maps/nat_moved"))) {
            moved.update(Keys.of(0), ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(neighbour).putInt(device).array(),
                    UpdateMode.ANY);
        }
    }
}
