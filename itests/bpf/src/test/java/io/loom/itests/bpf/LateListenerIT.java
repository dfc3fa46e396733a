package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.ListenerTable;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A listener that comes to an address and port from which a connection through nat leaves takes none of that one's replies. Vip 0 is what the
 * connection is to, with backend 1; listener 1 is the late one, with backend 2.
 */
class LateListenerIT {
    private static final int PORT = 20000;
    private static final int BACKEND_PORT = 8080;
    private static final int CLIENT = Balancer.CLIENT_PORT;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Setting setting;

    /** @param late what the late listener is, with which method */
    record Setting(Family family, Protocol protocol, Set<Flag> late, String method) {}

    static Stream<Setting> settings() {
        List<Set<Flag>> kinds = List.of(
                Set.of(), Set.of(Flag.GUARDED), Set.of(Flag.DEFER), Set.of(Flag.MINIMAL), Set.of(Flag.STATELESS), Set.of(Flag.PASS));
        return Stream.of(Family.values()).flatMap(family -> Stream.of(Protocol.values()).flatMap(protocol ->
                kinds.stream().flatMap(kind -> Stream.of("ipip", "nat")
                        .filter(method -> method.equals("ipip") || kind.isEmpty())
                        .map(method -> new Setting(family, protocol, kind, method)))));
    }

    private void begin(Setting of) {
        setting = of;
        plane = PLANES.lend(Linked.shipped(), Map.of("nat_port_first", (long) PORT, "nat_port_count", 1L));
        backend(1, "nat");
        backend(2, of.method());
        plane.putTable(0, TableEntry.settled(1));
        plane.putTable(1, TableEntry.settled(2));
        listen(new Endpoint(World.vip(of.family()).address(), of.protocol() == Protocol.TCP ? World.VIP_PORT : World.VIP_UDP_PORT), 0, Set.of());
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    private void backend(int number, String method) {
        plane.putBackend(number, new ScratchPlane.Backend(new Endpoint(World.backend(setting.family(), number), BACKEND_PORT), method));
    }

    private void listen(Endpoint endpoint, int number, Set<Flag> flags) {
        plane.putListener(new ListenerKey(setting.protocol(), endpoint),
                new ListenerEntry(number, LookupTable.Index.FLOW_HASH, flags, number, 1, 0));
    }

    private Endpoint source() {
        return new Endpoint(World.source(setting.family()), PORT);
    }

    private void lateComes() {
        taken(1L << PORT % Long.SIZE);
        listen(source(), 1, setting.late());
    }

    private void lateGoes() {
        Family family = setting.family();
        try (ListenerTable table = new ListenerTable(family, plane.map("loom_listeners" + family.version()))) {
            table.remove(new ListenerKey(setting.protocol(), source()));
        }
        taken(0);
    }

    /** As the control plane says it of a listener at an address that connections leave from. */
    private void taken(long word) {
        byte[] value = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(word).array();
        plane.map("nat_taken").update(Keys.of(PORT / Long.SIZE), value, UpdateMode.ANY);
    }

    private byte[] request(String flags) {
        return setting.protocol() == Protocol.TCP ? FRAMES.request(setting.family(), flags, CLIENT) : FRAMES.datagram(setting.family(), CLIENT);
    }

    private byte[] answer(String flags, int backendPort) {
        byte[] segment = Twins.withPorts(FRAMES.answer(setting.family(), flags, PORT), backendPort, PORT);
        return setting.protocol() == Protocol.TCP ? segment : Twins.byProtocol(segment);
    }

    private byte[] answer(String flags) {
        return answer(flags, BACKEND_PORT);
    }

    /** The SYN, or first datagram, of a client of the late listener's. */
    private byte[] another() {
        Anatomy segment = Twins.read(answer("A", BACKEND_PORT + 1));
        if (setting.protocol() == Protocol.TCP) {
            segment.frame()[segment.l4() + 13] = 2;
            segment.sumUp();
        }
        return segment.frame();
    }

    private String run(byte[] frame) {
        return plane.run(frame).verdict();
    }

    private void open() {
        assertEquals("FORWARD", run(request("S")));
        assertEquals("REPLY", run(answer("SA")));
        assertEquals("FORWARD", run(request("A")));
    }

    /** What the late listener makes of a packet that is of no connection and opens none. */
    private String late() {
        if (setting.late().contains(Flag.PASS)) {
            return "PASS_PASSTHROUGH";
        }
        if (setting.method().equals("ipip")) {
            return "FORWARD";
        }
        return setting.protocol() == Protocol.TCP ? "PASS_OUT_OF_STATE" : "DROP_PORTS_EXHAUSTED"; /* the only one is the connection's */
    }

    @ParameterizedTest
    @MethodSource("settings")
    void repliesReachTheirClient(Setting of) {
        begin(of);
        open();
        ScratchPlane.Outcome before = plane.run(answer("A"));
        byte[] error = FRAMES.error(of.family(), answer("A"));
        ScratchPlane.Outcome told = plane.run(error);
        assertEquals("REPLY", told.verdict());
        lateComes();
        for (int turn = 0; turn < 2; turn++) {
            ScratchPlane.Outcome after = plane.run(answer("A"));
            assertEquals("REPLY", after.verdict());
            assertArrayEquals(before.frame(), after.frame());
            assertEquals("FORWARD", run(request("A")));
        }
        ScratchPlane.Outcome after = plane.run(error);
        assertEquals("REPLY", after.verdict(), "an error about what was sent to the backend");
        assertArrayEquals(told.frame(), after.frame());
        assertEquals("REPLY", run(answer("FA")), "the backend's end");
        assertEquals("REPLY", run(answer("R")));
        assertEquals(0, plane.map("loom_lstats").lookup(Keys.of(1)).map(LateListenerIT::packets).orElseThrow(), "the late listener's");
    }

    private static long packets(byte[] value) {
        return FlowCount.sum(value).packets();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void theLateListenerGetsWhatIsItsOwn(Setting of) {
        begin(of);
        open();
        lateComes();
        assertEquals(late(), run(answer("A", BACKEND_PORT + 2)), "another port of the backend's");
        byte[] stranger = answer("A");
        byte[] address = new byte[of.family().addressBytes()];
        Twins.read(stranger).source().address().get(address);
        address[address.length - 1] ^= 0x40;
        assertEquals(late(), run(Twins.withSource(stranger, address)), "another host");
        new NatPairs(plane, of.family()).clear();
        assertEquals(late(), run(answer("A")), "when the connection is over");
    }

    @ParameterizedTest
    @MethodSource("settings")
    void aListenerThatGoesAndComesBackTakesNone(Setting of) {
        begin(of);
        listen(source(), 1, of.late());
        String own = run(another());
        lateGoes();
        open();
        lateComes();
        assertEquals("REPLY", run(answer("A")));
        assertEquals("FORWARD", run(request("A")));
        assertEquals(own, run(another()), "its own");
        assertEquals("REPLY", run(answer("A")));
    }

    /** The vip of the connection itself goes, and comes back. */
    @ParameterizedTest
    @MethodSource("settings")
    void soItIsWhileTheConnectionsOwnVipIsAway(Setting of) {
        begin(of);
        open();
        plane.removeVips();
        assertEquals("REPLY", run(answer("A")));
        lateComes();
        assertEquals("REPLY", run(answer("A")));
        listen(new Endpoint(World.vip(of.family()).address(), of.protocol() == Protocol.TCP ? World.VIP_PORT : World.VIP_UDP_PORT), 0, Set.of());
        assertEquals("FORWARD", run(request("A")));
        assertEquals("REPLY", run(answer("A")));
    }
}
