package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.TableEntry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What connections differ in spreads them over their tables, each word of an address and the port by itself. Nothing here is
 * random: the seed is that of self tests.
 */
class SpreadIT {
    private static final int FLOWS = 1024; // as many as the table is for
    private static final int BACKENDS = 8;
    private static final int EACH = 8; // connections of a backend
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    private void open(Family of, Map<String, Long> constants) {
        family = of;
        plane = PLANES.lend(Linked.shipped(Tuning.small(Linked.HZ)), constants);
    }

    private void vip(int port, int table) {
        plane.putListener(new ListenerKey(Protocol.TCP, new Endpoint(World.vip(family).address(), port)),
                new ListenerEntry(table, LookupTable.Index.FLOW_HASH, Set.of(), table, 1, 0));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    /** Each word of the addresses, and the port: -1. */
    private static Stream<Arguments> words() {
        return Stream.of(Family.values()).flatMap(family -> Stream.iterate(-1, word -> word + 1)
                .limit(1 + family.addressBytes() / Integer.BYTES).map(word -> Arguments.of(family, word)));
    }

    private static Stream<Arguments> addressWords() {
        return words().filter(familyAndWord -> (int) familyAndWord.get()[1] >= 0);
    }

    private static byte[] withWord(byte[] address, int word, int value) {
        byte[] other = address.clone();
        ByteBuffer.wrap(other).putInt(word * Integer.BYTES, ByteBuffer.wrap(other).getInt(word * Integer.BYTES) ^ value);
        return other;
    }

    /** With four to a set of eight on average, a set overflows now and then. */
    @ParameterizedTest
    @MethodSource("words")
    void clientsAreSpreadOverTheSets(Family of, int word) {
        open(of, Map.of());
        plane.putBackend(1, new ScratchPlane.Backend(new Endpoint(World.source(family), World.VIP_PORT), "ipip"));
        plane.putTable(0, TableEntry.settled(1));
        vip(World.VIP_PORT, 0);
        byte[] syn = FRAMES.request(family, "S", Balancer.CLIENT_PORT);
        byte[] client = new byte[family.addressBytes()];
        Twins.read(syn).source().address().get(client);
        for (int flow = 0; flow < FLOWS; flow++) {
            byte[] frame = word < 0 ? Twins.withPorts(syn, 1024 + flow, World.VIP_PORT)
                    : Twins.withSource(syn, withWord(client, word, flow));
            plane.program().testRun(frame, 1);
        }
        int tracked = Connections.all(plane, family).size();
        assertTrue(tracked > FLOWS * 97 / 100, tracked + " of " + FLOWS + " have a place");
    }

    /** One port of each address, whose places are the same by chance at most: once here. */
    @ParameterizedTest
    @MethodSource("addressWords")
    void pairsOfSourcesThatDifferLittleAreSpread(Family of, int word) throws UnknownHostException {
        family = of;
        String[] sources = new String[BACKENDS];
        for (int source = 0; source < sources.length; source++) {
            byte[] address = withWord(World.source(family).getAddress(), word, source + 1);
            sources[source] = InetAddress.getByAddress(address).getHostAddress();
        }
        plane = PLANES.lend(Linked.withSources(sources), Linked.ONE_PORT);
        plane.putBackend(1, new ScratchPlane.Backend(World.vip(family), "nat"));
        plane.putTable(0, TableEntry.settled(1));
        vip(World.VIP_PORT, 0);
        for (int flow = 0; flow < BACKENDS; flow++) {
            plane.program().testRun(FRAMES.request(family, "S", Balancer.CLIENT_PORT + flow), 1);
        }
        int pairs = new NatPairs(plane, family).words().size();
        assertTrue(pairs >= BACKENDS - 1, pairs + " of " + BACKENDS + " have a place");
    }

    /** Each backend has 16 ports; were two of them to have their pairs in the same places, these would not be enough. */
    @ParameterizedTest
    @MethodSource("words")
    void pairsOfBackendsThatDifferLittleAreSpread(Family of, int word) throws UnknownHostException {
        open(of, Map.of("nat_port_first", 20000L, "nat_port_count", 16L));
        byte[] address = World.source(family).getAddress();
        for (int backend = 1; backend <= BACKENDS; backend++) {
            Endpoint endpoint = word < 0 ? new Endpoint(World.source(family), 8080 + backend)
                    : new Endpoint(InetAddress.getByAddress(withWord(address, word, backend)), 8080);
            plane.putBackend(backend, new ScratchPlane.Backend(endpoint, "nat"));
            plane.putTable(backend, TableEntry.settled(backend));
            vip(World.VIP_PORT + backend, backend);
        }
        for (int flow = 0; flow < BACKENDS * EACH; flow++) {
            byte[] syn = Twins.withPorts(FRAMES.request(family, "S", Balancer.CLIENT_PORT), 1024 + flow,
                    World.VIP_PORT + 1 + flow % BACKENDS);
            plane.program().testRun(syn, 1);
        }
        assertEquals(BACKENDS * EACH, new NatPairs(plane, family).words().size());
    }
}
