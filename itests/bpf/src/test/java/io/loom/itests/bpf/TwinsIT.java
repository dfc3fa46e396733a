package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.ConnectionSets;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerKeys;
import io.loom.datapath.internal.layout.TableEntry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Flows and vips that differ in one thing alone are told apart, also where their keys or places are the same. */
class TwinsIT {
    private static final int ONE_SET = 4; // connections
    private static final int MANY = 1024; // of few, the kernel's LRU hash may evict some for another CPU
    private static final int WORDS = 4;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    /** New connections go to backend 1; {@link #choose} changes that. */
    private void open(Family of, Tuning.Connections.Kind kind, int connections) {
        family = of;
        plane = PLANES.lend(
                Linked.shipped(Tuning.small(Linked.HZ).withConnections(new Tuning.Connections(connections, kind))), Map.of());
        TwoBackends.put(plane, family);
        plane.putTable(1, TableEntry.settled(1));
        plane.putTable(2, TableEntry.settled(2));
        choose(1);
    }

    private void choose(int backend) {
        for (int vip = 0; vip < 2; vip++) {
            Endpoint endpoint = new Endpoint(World.vip(family).address(), World.VIP_PORT + vip);
            listen(endpoint, vip, backend);
        }
    }

    private void listen(Endpoint endpoint, int number, int backend) {
        plane.putListener(new ListenerKey(Protocol.TCP, endpoint),
                new ListenerEntry(number, LookupTable.Index.FLOW_HASH, Set.of(), backend, 1, 0));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    /** The backend that the packet went to; 0: it was not forwarded. */
    private int send(byte[] frame) {
        return TwoBackends.reached(plane, frame);
    }

    private static Stream<Arguments> tables() {
        return Stream.of(Family.values()).flatMap(family ->
                Stream.of(Tuning.Connections.Kind.values()).map(kind -> Arguments.of(family, kind)));
    }

    @ParameterizedTest
    @MethodSource("tables")
    void aConnectionThatDiffersInOneThingIsAnother(Family of, Tuning.Connections.Kind kind) {
        open(of, kind, kind == Tuning.Connections.Kind.CACHE ? 4 * ONE_SET : MANY);
        byte[] syn = FRAMES.request(family, "S", Balancer.CLIENT_PORT);
        assertEquals(1, send(syn));
        choose(2);
        Twins.bySource(syn).forEach(twin -> assertEquals(2, send(twin), "another address"));
        assertEquals(2, send(Twins.bySourcePort(syn, 1)), "another port");
        assertEquals(2, send(Twins.byDestinationPort(syn, 1)), "another vip");
        choose(1);
        Twins.bySource(syn).forEach(twin -> assertEquals(2, send(twin)));
        assertEquals(2, send(Twins.bySourcePort(syn, 1)));
        assertEquals(2, send(Twins.byDestinationPort(syn, 1)));
        choose(2);
        assertEquals(1, send(syn));
    }

    /** The cache's key has 32 bits of an IPv6 address: those of two clients are equal now and then; not by word 2 alone. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void clientsWithOneKeyWhoseAddressesDifferInOneWordAreTwo(int word) {
        open(Family.IPV6, Tuning.Connections.Kind.CACHE, ONE_SET);
        byte[] syn = FRAMES.request(family, "S", Balancer.CLIENT_PORT);
        List<byte[]> clients = withOneKey(Twins.read(syn).source().address(), word);
        assertEquals(1, send(Twins.withSource(syn, clients.get(0))));
        choose(2);
        assertEquals(2, send(Twins.withSource(syn, clients.get(1))));
        assertEquals(1, send(Twins.withSource(syn, clients.get(0))));
        assertEquals(List.of(2L, 1L), List.of((long) keys().length, LongStream.of(keys()).distinct().count()),
                "the clients were to have one key: has its hash changed?");
    }

    /** Keys of ways that are taken. */
    private long[] keys() {
        LongStream.Builder keys = LongStream.builder();
        plane.map("loom_conns6").forEach((number, set) -> {
            ByteBuffer ways = ByteBuffer.wrap(set.clone()).order(ByteOrder.LITTLE_ENDIAN);
            for (int way = 0; way < ConnectionSets.WAYS; way++) {
                if (ways.getLong(way * ConnectionSets.WAY) != 0) {
                    keys.add(ways.getLong(way * ConnectionSets.WAY));
                }
            }
        });
        return keys.build().toArray();
    }

    /** Two addresses, equal in all words but one, whose words fold to the same 64 bits' lower half, as cache_locate() folds. */
    private static List<byte[]> withOneKey(ByteBuffer address, int word) {
        Map<Integer, Integer> seen = new HashMap<>();
        int[] words = new int[WORDS];
        address.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
        for (int value = 0; ; value++) {
            words[word] = value;
            Integer other = seen.put((int) mix(mix(pair(words, 0)) ^ pair(words, 2)), value);
            if (other != null) {
                int[] twin = words.clone();
                twin[word] = other;
                return List.of(bytes(words), bytes(twin));
            }
        }
    }

    private static long mix(long hash) {
        long mixed = hash * GOLDEN;
        return mixed ^ mixed >>> 32;
    }

    private static long pair(int[] words, int at) {
        return (long) words[at] << 32 | Integer.toUnsignedLong(words[at + 1]);
    }

    private static byte[] bytes(int[] words) {
        ByteBuffer bytes = ByteBuffer.allocate(WORDS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(words).forEach(bytes::putInt);
        return bytes.array();
    }

    /** Vips that are looked for in the same bucket. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aVipWhoseAddressDiffersInOneWordIsAnother(int word) throws UnknownHostException {
        open(Family.IPV6, Tuning.Connections.Kind.CACHE, ONE_SET);
        byte[] syn = FRAMES.request(family, "S", Balancer.CLIENT_PORT);
        assertEquals(1, send(syn));
        byte[] other = inTheSameBucket(word);
        Anatomy packet = Twins.read(syn.clone());
        System.arraycopy(other, 0, packet.frame(), packet.l3() + 24, other.length);
        packet.sumUp();
        assertEquals("PASS_NO_LISTENER", plane.run(packet.frame()).verdict());
        listen(new Endpoint(InetAddress.getByAddress(other), World.VIP_PORT), 2, 2);
        assertEquals(2, send(packet.frame()));
        assertEquals(1, send(syn));
    }

    /** An address whose first bucket is the vip's first, and that differs in that word only. */
    private byte[] inTheSameBucket(int word) throws UnknownHostException {
        Endpoint vip = World.vip(family);
        int wanted = bucket(vip.address());
        byte[] address = vip.address().getAddress();
        for (int value = 1; ; value++) {
            ByteBuffer.wrap(address).putInt(word * Integer.BYTES, 0x20020000 + value);
            if (bucket(InetAddress.getByAddress(address)) == wanted) {
                return address;
            }
        }
    }

    private static int bucket(InetAddress address) {
        return ListenerKeys.buckets(ListenerKeys.encode(new ListenerKey(Protocol.TCP, new Endpoint(address, World.VIP_PORT))))[0];
    }
}
