package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.SIXTH;
import static io.loom.datapath.internal.TestHost.address;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.endpoint;
import static io.loom.datapath.internal.TestHost.ip;
import static io.loom.datapath.internal.TestHost.nat;
import static io.loom.datapath.internal.TestHost.tcp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Prefix;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.config.NatSettings;
import io.loom.api.control.Connections.State;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TrackedConnections.Owner;
import io.loom.control.dataplane.TrackedConnections.Tracked;
import io.loom.control.dataplane.TrackedConnections.Wanted;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that the real program has made, as operators see them. */
class ConnectionPagesTest extends DataPlaneFixture {
    private static final HexFormat HEX = HexFormat.of();
    private static final TableKey TABLE6 = new TableKey("six", Family.IPV6);
    private static final TableKey DIRECT = new TableKey("dns", Family.IPV4);
    private static final BackendKey SERVER = new BackendKey("names", FIRST, "ipip");
    private static final ListenerKey DNS = new ListenerKey(Protocol.UDP, endpoint("10.9.9.9", 53));
    private static final String CLIENT6 = "20010db8000700000000000000000063";
    private static final String VIP6 = "20010db8000900000000000000000009";

    /** Another table than the fixture's, from the beginning. */
    private void begin(String type) throws Exception {
        plane.close();
        Takedown.run(TestHost.BPFFS, "test", Path.of("target/lock"));
        plane = open();
        plane.configure(TestHost.withMaps(new MapSettings(
                new MapSettings.Setting(1000, "array"), new MapSettings.Setting(4096, type), new MapSettings.Setting(256, "percpu_array"))));
        balance(plane);
        ip("-6 neigh replace 2001:db8:7::11 lladdr " + TestHost.MAC + "16 dev " + DEVICE + " nud permanent");
        plane.resolve(Set.of(nat(FIRST), nat(SECOND), nat(SIXTH), SERVER));
        await("next hops", () -> plane.unresolved().isEmpty());
        plane.apply(new Change.PutBackend(nat(SIXTH), false, false));
        plane.apply(new Change.PutBackend(SERVER, false, false));
        put(new Change.PutTable(TABLE6, spec(new TreeMap<>(Map.of(nat(SIXTH), 100)))));
        put(new Change.PutTable(DIRECT, spec(new TreeMap<>(Map.of(SERVER, 100)))));
        plane.apply(new Change.PutListener(tcp("2001:db8:9::9", 80), TestHost.spec(TABLE6, true)));
        plane.apply(new Change.PutListener(DNS, TestHost.spec(DIRECT, true)));
    }

    private static void runSyn6(int port) {
        byte[] frame = HEX.parseHex("02000000000102000000009986dd6000000000140640" + CLIENT6 + VIP6
                + HEX.toHexDigits((short) port) + "0050000003e8000000015002200000000000");
        try (BpfProgram program = BpfProgram.open(ROOT.resolve("prog"))) {
            program.testRun(frame, 1);
        }
    }

    private static void runDatagram(int port) {
        run(ROOT.resolve("prog"), "02000000000102000000009908004500002000010000401100000a0100630a090909"
                + HEX.toHexDigits((short) port) + "0035000c000000000000");
    }

    /** The three connections that there are. */
    private void connect(String type) throws Exception {
        begin(type);
        runSyn(40000);
        runSyn6(40001);
        runDatagram(40002);
    }

    private static Wanted wanted(Predicate<String> vip, Predicate<Owner> owner) {
        return new Wanted(vip, owner, Optional.empty(), OptionalInt.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static final Wanted ALL = wanted(vip -> true, owner -> true);

    private List<Tracked> list(Wanted wanted) {
        List<Tracked> all = new ArrayList<>(plane.connections().page(wanted, "", 1000).orElseThrow().connections());
        all.sort((one, other) -> Integer.compare(one.clientPort(), other.clientPort()));
        return all;
    }

    private List<Integer> ports(Wanted wanted) {
        return list(wanted).stream().map(Tracked::clientPort).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache", "lru_hash"})
    void eachKindIsShownAsItIs(String type) throws Exception {
        connect(type);
        List<Tracked> all = list(ALL);
        assertEquals(List.of("web", "six", "dns"), all.stream().map(Tracked::vip).toList());
        assertEquals(List.of(State.SYN_SENT, State.SYN_SENT, State.UDP), all.stream().map(Tracked::state).toList());
        assertEquals(List.of(tcp("10.9.9.9", 80), tcp("2001:db8:9::9", 80), DNS), all.stream().map(one -> one.listener().orElseThrow()).toList());
        assertEquals(List.of(address("10.1.0.99"), address("2001:db8:7::63"), address("10.1.0.99")), all.stream().map(Tracked::client).toList());
        assertEquals(List.of(nat(SIXTH), SERVER), all.stream().skip(1).map(one -> one.owner().backend().orElseThrow()).toList());
        assertTrue(Set.of(nat(FIRST), nat(SECOND)).contains(all.get(0).owner().backend().orElseThrow()));
        assertTrue(all.stream().allMatch(one -> one.idle().toSeconds() <= 3 && !one.assured()), all.toString());
        // A SYN lives for 60 s, a flow of UDP for 300 and a step; ticks are not quite seconds.
        assertEquals(60, all.get(0).left().toSeconds(), 4);
        assertEquals(310, all.get(2).left().toSeconds(), 14);
        assertEquals(Optional.empty(), all.get(2).owner().source());
    }

    /** The source that nat has put in the client's place is that which the backend sees. */
    @ParameterizedTest
    @ValueSource(strings = {"cache", "lru_hash"})
    void theSourceIsWhatTheBackendSees(String type) throws Exception {
        begin(type);
        byte[] sent = runSyn(40000).frame();
        int port = (sent[34] & 0xff) << 8 | sent[35] & 0xff;
        assertEquals(Optional.of(endpoint("10.1.0.1", port)), list(ALL).get(0).owner().source());
    }

    @Test
    void ofSourcesThatOperatorsNameIsEachConnectionsOwn() throws Exception {
        int before = plane.program().id();
        LoomConfig other = config(DEVICE);
        NatSettings nat = new NatSettings(List.of(address("10.9.9.60"), address("2001:db8:9::60"), address("10.9.9.61")), true);
        plane.configure(new LoomConfig(other.enabled(), other.attachment(), other.conntrack(), other.maps(), nat, other.dsr(), other.icmp(),
                other.acl(), other.programs(), other.vips(), other.upstreams(), other.admin(), other.warnings()));
        await("a program that sends from them", () -> plane.program().id() != before);
        balance(plane);
        Map<Integer, Endpoint> sent = new TreeMap<>();
        for (int port = 40000; port < 40008; port++) {
            byte[] frame = runSyn(port).frame();
            sent.put(port, new Endpoint(InetAddress.getByAddress(Arrays.copyOfRange(frame, 26, 30)), (frame[34] & 0xff) << 8 | frame[35] & 0xff));
        }
        assertEquals(Set.of(address("10.9.9.60"), address("10.9.9.61")), sent.values().stream().map(Endpoint::address).collect(Collectors.toSet()));
        list(ALL).forEach(one -> assertEquals(Optional.of(sent.get(one.clientPort())), one.owner().source()));
    }

    @Test
    void beforeTheFirstConfigurationNobodyKnows() {
        KernelDataPlane fresh = open();
        assertEquals("LOOM-1251", assertThrows(LoomException.class, fresh::connections).code());
        fresh.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache", "lru_hash"})
    void filtersChoose(String type) throws Exception {
        connect(type);
        assertEquals(List.of(40001), ports(wanted("six"::equals, owner -> true)));
        assertEquals(List.of(40002), ports(wanted(vip -> true, owner -> owner.backend().equals(Optional.of(SERVER)))));
        assertEquals(List.of(40000, 40002), ports(of(client("10.1.0.96", 27), OptionalInt.empty(), Optional.empty())));
        assertEquals(List.of(), ports(of(client("10.1.0.64", 27), OptionalInt.empty(), Optional.empty())));
        assertEquals(List.of(40001), ports(of(client("2001:db8:7::63", 128), OptionalInt.empty(), Optional.empty())));
        assertEquals(List.of(), ports(of(client("2001:db8:7::62", 128), OptionalInt.empty(), Optional.empty())));
        assertEquals(List.of(40000, 40002), ports(of(client("0.0.0.0", 0), OptionalInt.empty(), Optional.empty())));
        assertEquals(List.of(40001), ports(of(client("::", 0), OptionalInt.empty(), Optional.empty())));
        assertEquals(List.of(40002), ports(of(Optional.empty(), OptionalInt.of(40002), Optional.empty())));
        assertEquals(List.of(40000, 40001), ports(of(Optional.empty(), OptionalInt.empty(), Optional.of(State.SYN_SENT))));
        assertEquals(Map.of(State.SYN_SENT, 2L, State.UDP, 1L), plane.connections().count(ALL));
        assertEquals(Map.of(State.UDP, 1L), plane.connections().count(wanted("dns"::equals, owner -> true)));
    }

    private static Optional<Prefix> client(String address, int length) {
        return Optional.of(new Prefix(address(address), length));
    }

    private static Wanted of(Optional<Prefix> client, OptionalInt port, Optional<State> state) {
        return new Wanted(vip -> true, owner -> true, client, port, state, Optional.empty(), Optional.empty());
    }

    private static Wanted aged(Optional<Duration> idle, Optional<Duration> seen) {
        return new Wanted(vip -> true, owner -> true, Optional.empty(), OptionalInt.empty(), Optional.empty(), idle, seen);
    }

    /** Of connections in every state, idle for so many ticks: those that are over are not there. */
    @ParameterizedTest
    @ValueSource(strings = {"cache", "lru_hash"})
    void statesAndAges(String type) throws Exception {
        begin(type);
        for (int state = 0; state < 5; state++) {
            runSyn(40000 + state);
        }
        int now = now();
        change((port, word) -> new ConnectionWord(ConnectionWord.backend(word), true, port - 40000, 3, 0, now - 10 * (port - 40000)).encode());
        List<Tracked> all = list(ALL);
        assertEquals(List.of(State.SYN_SENT, State.ESTABLISHED, State.FIN_WAIT, State.TIME_WAIT, State.SYN_RECV),
                all.stream().map(Tracked::state).toList());
        for (int i = 0; i < 5; i++) {
            assertEquals(10 * i, all.get(i).idle().toSeconds(), 3);
            assertEquals((i == 1 ? 318 : 60) - 10 * i, all.get(i).left().toSeconds(), i == 1 ? 16 : 4);
        }
        assertEquals(List.of(40003, 40004), ports(aged(Optional.of(Duration.ofSeconds(27)), Optional.empty())));
        assertEquals(List.of(40000, 40001), ports(aged(Optional.empty(), Optional.of(Duration.ofSeconds(15)))));
        change((port, word) -> new ConnectionWord(ConnectionWord.backend(word), false, 0, 0, 0, now - 100).encode());
        assertEquals(List.of(), list(ALL));
    }

    private interface Other {
        long word(int port, long word);
    }

    private static void change(Other other) {
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_conns4"))) {
            new ConnectionTable(Family.IPV4, map).walk((listener, client, rawPort, word) -> other.word(ConnectionNames.port(rawPort), word));
        }
    }

    /** What is gone is named as far as it is known. */
    @ParameterizedTest
    @ValueSource(strings = {"cache", "lru_hash"})
    void aRemovedListenerHasItsAddress(String type) throws Exception {
        connect(type);
        plane.apply(new Change.RemoveListener(DNS));
        Tracked orphan = list(ALL).get(2);
        assertEquals("", orphan.vip());
        assertEquals(Optional.of(DNS), orphan.listener());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cache", "lru_hash"})
    void pagesGoOnOverBothFamilies(String type) throws Exception {
        connect(type);
        List<Integer> found = new ArrayList<>();
        String after = "";
        do {
            var page = plane.connections().page(ALL, after, 1).orElseThrow();
            assertTrue(page.connections().size() <= 1);
            page.connections().forEach(one -> found.add(one.clientPort()));
            after = page.next();
        } while (!after.isEmpty());
        assertEquals(Set.of(40000, 40001, 40002), Set.copyOf(found));
        assertEquals(3, found.size());
        for (String stale : List.of("4-1-0", "6-9999999999-9999999999", "5-1-1", "4-1", "4--1-0", "99999999999-1-1")) {
            assertEquals(Optional.empty(), plane.connections().page(ALL, stale, 1));
        }
        assertEquals(Optional.empty(), plane.connections().page(ALL, "somewhere", 1));
    }
}
