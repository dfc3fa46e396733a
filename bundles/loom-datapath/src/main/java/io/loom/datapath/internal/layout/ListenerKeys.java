package io.loom.datapath.internal.layout;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.control.dataplane.ListenerKey;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Keys of listeners in buckets, and the buckets: where what stands, and which two a key has. */
public final class ListenerKeys {
    /** Buckets of a map. */
    public static final int BUCKETS = 1 << 14;
    private static final int BITS = 14;
    /** Places in a bucket: keys first, the count of those that spilled, then as many listeners from a cache line on. */
    public static final int WAYS = 4;
    private static final int SPILLED = 32;
    private static final int ICMP = 1;
    private static final int ICMPV6 = 58;

    private static final long FACTOR = 0x9e3779b97f4a7c15L;
    private static final Field ADDRESS4 = new Field("address", 0, 4);
    private static final Field PORT4 = new Field("port", 4, 2);
    private static final Field PROTOCOL4 = new Field("protocol", 6, 1);
    static final StructLayout LAYOUT4 = new StructLayout("loom_listener_key4", 8, ADDRESS4, PORT4, PROTOCOL4);

    private static final Field ADDRESS6 = new Field("address", 0, 16);
    private static final Field PORT6 = new Field("port", 16, 2);
    private static final Field PROTOCOL6 = new Field("protocol", 18, 1);
    static final StructLayout LAYOUT6 = new StructLayout("loom_listener_key6", 24, ADDRESS6, PORT6, PROTOCOL6);

    static final StructLayout BUCKET4 = bucket("loom_bucket4", LAYOUT4);
    static final StructLayout BUCKET6 = bucket("loom_bucket6", LAYOUT6);

    private ListenerKeys() {}

    private static StructLayout bucket(String name, StructLayout key) {
        int keys = WAYS * key.size();
        int listeners = WAYS * ListenerEntry.LAYOUT.size();
        return new StructLayout(name, keys + SPILLED + listeners, new Field("key", 0, keys), new Field("spilled", keys, Long.BYTES),
                new Field("listener", keys + SPILLED, listeners));
    }

    /** Where a bucket counts its own listeners that are in their second one. */
    public static int spilledAt(Family family) {
        return WAYS * size(family);
    }

    /** Where the listeners of a bucket begin. */
    public static int listenersAt(Family family) {
        return spilledAt(family) + SPILLED;
    }

    /** Bytes of a key. */
    public static int size(Family family) {
        return (family == Family.IPV4 ? LAYOUT4 : LAYOUT6).size();
    }

    /** Bytes of a bucket. */
    public static int bucketSize(Family family) {
        return (family == Family.IPV4 ? BUCKET4 : BUCKET6).size();
    }

    public static byte[] encode(ListenerKey key) {
        return encode(key.endpoint().address(), key.endpoint().port(), key.protocol().number());
    }

    /** What says that the address is a vip's: ICMP of its family, and no port. */
    public static byte[] encodeAddress(InetAddress address) {
        return encode(address, 0, Family.of(address) == Family.IPV4 ? ICMP : ICMPV6);
    }

    private static byte[] encode(InetAddress address, int port, int protocol) {
        boolean four = Family.of(address) == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).create();
        Addresses.put(struct, four ? ADDRESS4 : ADDRESS6, address);
        (four ? PORT4 : PORT6).putPort(struct, port);
        (four ? PROTOCOL4 : PROTOCOL6).put(struct, protocol);
        return struct.array();
    }

    /** The address of any key. */
    public static InetAddress address(Family family, byte[] key) {
        boolean four = family == Family.IPV4;
        return Addresses.get((four ? LAYOUT4 : LAYOUT6).at(key), four ? ADDRESS4 : ADDRESS6, family);
    }

    public static ListenerKey decode(Family family, byte[] key) {
        boolean four = family == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).at(key);
        int protocol = (int) (four ? PROTOCOL4 : PROTOCOL6).get(struct);
        Endpoint endpoint = new Endpoint(address(family, key), (four ? PORT4 : PORT6).getPort(struct));
        return new ListenerKey(
                Arrays.stream(Protocol.values()).filter(p -> p.number() == protocol).findFirst().orElseThrow(), endpoint);
    }

    /** The two buckets of a key: the twin of loom_listener_find(). They may be the same one. */
    public static int[] buckets(byte[] key) {
        ByteBuffer words = ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN);
        long product = words.getLong(0);
        if (key.length == LAYOUT6.size()) {
            product = mix(0, pair(words, 0));
            product = mix(product, pair(words, 8)) ^ words.getLong(16);
        }
        product *= FACTOR;
        return new int[] {(int) (product >>> Long.SIZE - BITS), (int) (product >>> Long.SIZE - 2 * BITS) & BUCKETS - 1};
    }

    private static long mix(long hash, long word) {
        long mixed = (hash ^ word) * FACTOR;
        return mixed ^ mixed >>> 32;
    }

    private static long pair(ByteBuffer words, int at) {
        return (long) words.getInt(at) << 32 | Integer.toUnsignedLong(words.getInt(at + 4));
    }
}
