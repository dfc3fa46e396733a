package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.SIXTH;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.ip;
import static io.loom.datapath.internal.TestHost.nat;
import static io.loom.datapath.internal.TestHost.tcp;
import static io.loom.datapath.internal.TestHost.withMaps;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.config.MapSettings.Setting;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.TableKey;
import io.loom.datapath.Composer;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.nat.NatForwarding;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.XdpLink;
import io.loom.protocol.tcp.TcpHandler;
import io.loom.protocol.udp.UdpHandler;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A restart with maps of other sizes or types: what of the connections is there afterwards, in whatever moment a process dies. */
class MigrationTest extends DataPlaneFixture {
    private static final boolean FULL = Boolean.getBoolean("loom.full");
    private static final int FLOWS = 40;
    private static final int FIRST_PORT = 42000;
    private static final int REDIRECT = 4;
    private static final int TX = 3;
    private static final TableKey TABLE6 = new TableKey("web", Family.IPV6);
    private static final String CLIENT6 = "20010db8000700000000000000000063";
    private static final String VIP6 = "20010db8000900000000000000000009";
    private static final HexFormat HEX = HexFormat.of();

    private static LoomConfig sized(int connections, String type, int backends) {
        return withMaps(new MapSettings(new Setting(backends, "array"), new Setting(connections, type), new Setting(256, "percpu_array")));
    }

    private final byte[][] requests4 = new byte[FLOWS][];
    private final byte[][] requests6 = new byte[FLOWS][];

    private static BpfProgram.TestRun run6(int port, String flags) {
        byte[] frame = HEX.parseHex("0200000000010200000000998" + "6dd" + "6000000000140640" + CLIENT6 + VIP6
                + HEX.toHexDigits((short) port) + "0050" + "000003e800000001" + "50" + flags + "2000" + "00000000");
        try (BpfProgram program = BpfProgram.open(ROOT.resolve("prog"))) {
            return program.testRun(frame, 1);
        }
    }

    /** Connections of both families, as the backends see their first packets. */
    private void connect() throws Exception {
        balance(plane);
        ip("-6 neigh replace 2001:db8:7::11 lladdr " + TestHost.MAC + "16 dev " + DEVICE + " nud permanent");
        plane.resolve(Set.of(nat(TestHost.FIRST), nat(TestHost.SECOND), nat(SIXTH)));
        await("next hops", () -> plane.unresolved().isEmpty());
        plane.apply(new Change.PutBackend(nat(SIXTH), false, false));
        put(new Change.PutTable(TABLE6, spec(new TreeMap<>(Map.of(nat(SIXTH), 100)))));
        plane.apply(new Change.PutListener(tcp("2001:db8:9::9", 80), TestHost.spec(TABLE6, true)));
        for (int i = 0; i < FLOWS; i++) {
            requests4[i] = sent(runSyn(FIRST_PORT + i));
            requests6[i] = sent(run6(FIRST_PORT + i, "02"));
        }
    }

    private static byte[] sent(BpfProgram.TestRun run) {
        assertTrue(run.result() == REDIRECT || run.result() == TX, "action " + run.result());
        return run.frame();
    }

    /** The backend's answer to such a packet: addresses, ports and flags the other way round. */
    private static int answer(byte[] request, boolean four) {
        byte[] reply = request.clone();
        System.arraycopy(request, 0, reply, 6, 6);
        System.arraycopy(request, 6, reply, 0, 6);
        int address = four ? 26 : 22;
        int length = four ? 4 : 16;
        int ports = four ? 34 : 54;
        System.arraycopy(request, address, reply, address + length, length);
        System.arraycopy(request, address + length, reply, address, length);
        System.arraycopy(request, ports, reply, ports + 2, 2);
        System.arraycopy(request, ports + 2, reply, ports, 2);
        reply[ports + 13] = 0x12;
        try (BpfProgram program = BpfProgram.open(ROOT.resolve("prog"))) {
            return program.testRun(reply, 1).result();
        }
    }

    private static boolean leaves(int action) {
        return action == REDIRECT || action == TX;
    }

    /** How many connections go on in both directions; nat passes what it does not know. */
    private int alive() {
        int alive = 0;
        for (int i = 0; i < FLOWS; i++) {
            alive += leaves(answer(requests4[i], true)) && leaves(runAck(FIRST_PORT + i).result()) ? 1 : 0;
            alive += leaves(answer(requests6[i], false)) && leaves(run6(FIRST_PORT + i, "10").result()) ? 1 : 0;
        }
        return alive;
    }

    private List<String> codes() {
        return plane.problems().stream().map(Problem::code).filter(code -> code.startsWith("LOOM-12")).toList();
    }

    private void restart(LoomConfig config) {
        plane.close();
        plane = open();
        plane.configure(config);
    }

    private static int entries(String map) {
        try (BpfMap open = BpfMap.open(ROOT.resolve("maps").resolve(map))) {
            return open.maxEntries();
        }
    }

    /** Each takes four programs. */
    static Stream<Arguments> sizes() {
        Stream<Arguments> few = Stream.of(arguments(20000, "cache", 1000), arguments(4096, "lru_hash", 3000));
        return FULL ? Stream.concat(few, Stream.of(arguments(1024, "cache", 1000), arguments(5000, "hash", 1000),
                arguments(4096, "cache", 5000), arguments(9000, "lru_hash", 3000))) : few;
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void aRestartTakesAllConnectionsAlong(int connections, String type, int backends) throws Exception {
        connect();
        assertEquals(2 * FLOWS, alive());
        long created = plane.read().connectionsCreated();
        int program = plane.program().id();
        LoomConfig wanted = sized(connections, type, backends);
        plane.configure(wanted);
        await("a reload says what it cannot do", () -> codes().contains("LOOM-1220"));
        restart(wanted);
        assertEquals(List.of(), codes(), () -> "" + plane.problems());
        assertNotEquals(program, plane.program().id());
        assertEquals("native", plane.program().attachments().get(0).mode());
        assertEquals(2 * FLOWS, plane.read().connectionsActive());
        assertEquals(2 * FLOWS, alive());
        assertEquals(created, plane.read().connectionsCreated());
        assertFalse(Files.exists(ROOT.resolve("maps_next")));
        assertFalse(Files.exists(ROOT.resolve("prog_former")) || Files.exists(ROOT.resolve("prog_next")));
        restart(sized(4096, "cache", 1000));
        assertEquals(2 * FLOWS, alive(), "and back");
        assertEquals(created, plane.read().connectionsCreated());
    }

    @Test
    @EnabledIfSystemProperty(named = "loom.full", matches = "true")
    void aLargerTableOfPairsHasAPlaceForEachAndASmallerOneStays() throws Exception {
        connect();
        int before = entries("nat_pairs4");
        restart(sized(40960, "cache", 1000));
        assertEquals(10 * before, entries("nat_pairs4"));
        restart(sized(4096, "cache", 1000));
        assertEquals(10 * before, entries("nat_pairs4"));
        assertEquals(2 * FLOWS, alive());
        assertEquals(4096 / 4, entries("loom_conns4"));
    }

    @Test
    void whatFindsNoRoomIsTold() throws Exception {
        connect();
        restart(sized(8, "cache", 1000));
        Problem told = plane.problems().stream().filter(problem -> problem.code().equals("LOOM-1297")).findFirst().orElseThrow();
        assertEquals("the new connection table had no room for " + (2 * FLOWS - plane.read().connectionsActive()) + " connections", told.what());
        assertTrue(plane.read().connectionsActive() > 0);
        restart(sized(8, "cache", 1000));
        assertFalse(codes().contains("LOOM-1297"));
    }

    @Test
    @EnabledIfSystemProperty(named = "loom.full", matches = "true")
    void backendsInUseKeepTheirNumbersAndTheirMap() throws Exception {
        connect();
        restart(sized(4096, "cache", 1));
        assertEquals(List.of("LOOM-1220"), codes());
        assertEquals(2 * FLOWS, alive());
    }

    /** Runs the migration up to the links, as a process that is killed there; the restart is another. */
    private int dieAtTheLinks(LoomConfig config, Consumer<BpfProgram> links) {
        return migrate(config, migration -> assertThrows(IllegalStateException.class, () -> migration.run(next -> {
            links.accept(next);
            throw new IllegalStateException("killed");
        })));
    }

    private static void putOnLink(BpfProgram next) {
        try (BpfProgram former = BpfProgram.open(ROOT.resolve("prog")); XdpLink link = XdpLink.open(ROOT.resolve("links/lb%2E0"))) {
            link.update(next, former);
        }
    }

    /** Returns the number of the program that is on the link then. */
    private int migrate(LoomConfig config, Consumer<Migration> run) {
        plane.close();
        Instance instance = Instance.open(TestHost.BPFFS, "test", Path.of("target/lock"));
        try (BpfObject questions = BpfObject.open("loom_questions", Composer.object("nexthop"))) {
            questions.load();
            KernelClock clock = new KernelClock(questions.program("loom_clock"));
            ProgramStore store = new ProgramStore(instance);
            Workshop workshop = new Workshop(Composer.builtIn(), store);
            Tuning tuning = Tuning.of(config, clock.hz(), Opening.seed(instance.meta()));
            Programs programs = Programs.adopt(workshop, store,
                    () -> Map.of("nat", MethodCode.of(new NatForwarding(), () -> {}), "ipip", MethodCode.of(new IpipForwarding(), () -> {})),
                    () -> new TreeMap<>(Map.of(Protocol.TCP, new TcpHandler().object(), Protocol.UDP, new UdpHandler().object())),
                    new Workshop.Wanted(tuning, config.methodOptions()), instance.pinnedProgram().orElseThrow());
            run.accept(new Migration(instance, store, programs, clock));
            programs.close();
            clock.close();
        } finally {
            instance.close();
        }
        plane = open();
        try (XdpLink link = XdpLink.open(ROOT.resolve("links/lb%2E0"))) {
            return link.info().programId();
        }
    }

    /** A second time the first half of them, from other ports, while all that there was before is copied. */
    @Test
    void whatBeginsMeanwhileIsTakenAlongToo() throws Exception {
        connect();
        LoomConfig wanted = sized(20000, "cache", 1000);
        int late = 100;
        byte[][] requests = new byte[2][];
        migrate(wanted, migration -> assertEquals(List.of(), migration.run(next -> {
            requests[0] = sent(runSyn(FIRST_PORT + late));
            requests[1] = sent(run6(FIRST_PORT + late, "02"));
            putOnLink(next);
        })));
        assertTrue(leaves(answer(requests[0], true)) && leaves(runAck(FIRST_PORT + late).result()), "IPv4");
        assertTrue(leaves(answer(requests[1], false)) && leaves(run6(FIRST_PORT + late, "10").result()), "IPv6");
        plane.configure(wanted);
        assertEquals(2 * FLOWS, alive());
        assertEquals(2 * FLOWS + 2, plane.read().connectionsActive());
        assertEquals(List.of(), codes());
    }

    @Test
    void aProcessThatDiesBeforeTheLinksLeavesTheFormerMaps() throws Exception {
        connect();
        int before = plane.program().id();
        dieAtTheLinks(sized(20000, "cache", 1000), next -> {});
        assertTrue(Files.exists(ROOT.resolve("maps_next/loom_conns4")));
        plane.configure(sized(4096, "cache", 1000));
        assertEquals(before, plane.program().id());
        assertEquals(4096 / 4, entries("loom_conns4"));
        assertFalse(Files.exists(ROOT.resolve("maps_next")));
        assertEquals(2 * FLOWS, alive());
        restart(sized(20000, "cache", 1000));
        assertEquals(5000, entries("loom_conns4"));
        assertEquals(2 * FLOWS, alive());
    }

    @Test
    void aProcessThatDiesBehindThemLeavesTheNewOnes() throws Exception {
        connect();
        int next = dieAtTheLinks(sized(20000, "cache", 1000), MigrationTest::putOnLink);
        assertTrue(ip("link show dev " + DEVICE).contains("prog/xdp id " + next));
        plane.configure(sized(20000, "cache", 1000));
        assertEquals(List.of(), codes());
        assertEquals(5000, entries("loom_conns4"));
        assertFalse(Files.exists(ROOT.resolve("maps_next")));
        assertEquals(2 * FLOWS, alive());
    }

    @Test
    @EnabledIfSystemProperty(named = "loom.full", matches = "true")
    void detachingRemovesWhatAProcessLeftThatDiedMeanwhile() throws Exception {
        connect();
        dieAtTheLinks(sized(20000, "cache", 1000), next -> {});
        Takedown.run(TestHost.BPFFS, "test", Path.of("target/lock"));
        assertFalse(Files.exists(ROOT));
    }

    /** Of this process, the kernel's work for it included: beside other work that says more than the time that passes. */
    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** How long it takes, for people. */
    @Test
    @EnabledIfSystemProperty(named = "loom.full", matches = "true")
    void manyConnectionsAreTakenAlong() throws Exception {
        int many = 1_000_000;
        restart(sized(many * 5 / 4, "cache", 1000));
        connect();
        int placed = many;
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_conns4")); Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            long[] word = new long[1];
            new ConnectionTable(Family.IPV4, map).walk((listener, client, rawPort, found) -> word[0] = found);
            ConnectionWord seen = ConnectionWord.decode(word[0]);
            try (ConnectionFill fill = new ConnectionFill(Family.IPV4, map, Opening.seed(meta), seen.seen(), false)) {
                for (int i = 0; i < many; i++) {
                    fill.put(0, new int[] {i}, 7, new ConnectionWord(1, true, 1, 0, 0, seen.seen()).encode());
                }
                placed -= (int) fill.dropped();
            }
        }
        long before = System.nanoTime();
        long used = cpuNanos();
        restart(sized(2 * many, "cache", 1000));
        System.out.printf("%d connections: restarted in %d ms, of which the CPUs worked %d ms%n", many,
                (System.nanoTime() - before) / 1_000_000, (cpuNanos() - used) / 1_000_000);
        // Of eight connections for each set of places a few find theirs taken by others, before and after.
        int lost = plane.problems().stream().filter(problem -> problem.code().equals("LOOM-1297"))
                .mapToInt(problem -> Integer.parseInt(problem.what().replaceAll("\\D", ""))).sum();
        assertEquals(placed + 2 * FLOWS - lost, plane.read().connectionsActive());
        assertTrue(placed > many * 0.99 && lost < many * 0.001, () -> "lost: " + lost);
    }
}
