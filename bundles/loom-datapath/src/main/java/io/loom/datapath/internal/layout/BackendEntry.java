package io.loom.datapath.internal.layout;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Value of loom_backends.
 *
 * @param slot     of its forwarding method
 * @param down     its connections choose anew
 * @param stateful its method needs a connection
 * @param draining it keeps its connections, and no client is used to it any more
 * @param hop      empty: unknown, packets are dropped
 * @param outer    what outer headers have as their source; empty: the source of the hop. Of a decoded entry whose sources come
 *                 from flows the hop's own source is not known, and is the first address of these
 */
public record BackendEntry(
        Endpoint endpoint, int slot, boolean down, boolean stateful, boolean draining, Optional<NextHop> hop,
        Optional<OuterSource> outer) {
    /** Offset of Loom's address towards the backend, behind the backend's own at 0. */
    public static final int SOURCE_AT = 16;
    /** Offset of the backend's port. */
    public static final int PORT_AT = 32;

    private static final Field ADDRESS = new Field("address", 0, 16);
    private static final Field SOURCE = new Field("source", SOURCE_AT, 16);
    private static final Field PORT = new Field("port", PORT_AT, 2);
    private static final Field FAMILY = new Field("family", 34, 1);
    private static final Field SLOT = new Field("slot", 35, 1);
    private static final Field FLAGS = new Field("flags", 36, 1);
    private static final Field MTU = new Field("mtu", 38, 2);
    private static final Field IFINDEX = new Field("ifindex", 40, 4);
    private static final Field MAC = new Field("mac", 44, 12);
    private static final Field ENTROPY = new Field("entropy", 56, 4);
    private static final Field VLAN = new Field("vlan", 60, 4);
    static final StructLayout LAYOUT = new StructLayout(
            "loom_backend", 64, ADDRESS, SOURCE, PORT, FAMILY, SLOT, FLAGS, MTU, IFINDEX, MAC, ENTROPY, VLAN);

    private static final int DOWN = 1;
    private static final int STATEFUL = 2;
    private static final int DRAINING = 4;
    private static final int MAC_BYTES = 6;

    /** One whose outer headers have the hop's source. */
    public BackendEntry(Endpoint endpoint, int slot, boolean down, boolean stateful, boolean draining, Optional<NextHop> hop) {
        this(endpoint, slot, down, stateful, draining, hop, Optional.empty());
    }

    /** The value that means "no entry". */
    public static byte[] none() {
        return LAYOUT.create().array();
    }

    public byte[] encode() {
        ByteBuffer struct = LAYOUT.create();
        Addresses.put(struct, ADDRESS, endpoint.address());
        PORT.putPort(struct, endpoint.port());
        FAMILY.put(struct, endpoint.family().version());
        SLOT.put(struct, slot);
        FLAGS.put(struct, (down ? DOWN : 0) | (stateful ? STATEFUL : 0) | (draining ? DRAINING : 0));
        hop.ifPresent(known -> encodeHop(struct, known));
        outer.ifPresent(source -> {
            Addresses.put(struct, SOURCE, source.address());
            ENTROPY.putWord(struct, source.entropy());
        });
        return struct.array();
    }

    private static void encodeHop(ByteBuffer struct, NextHop hop) {
        Addresses.put(struct, SOURCE, hop.source());
        MTU.put(struct, hop.mtu());
        IFINDEX.put(struct, hop.ifindex());
        byte[] mac = Arrays.copyOf(hop.destination(), 2 * MAC_BYTES);
        System.arraycopy(hop.sender(), 0, mac, MAC_BYTES, MAC_BYTES);
        MAC.putBytes(struct, mac);
        VLAN.put(struct, hop.tags().encode());
    }

    /** Empty if the number is not in use. */
    public static Optional<BackendEntry> decode(byte[] value) {
        ByteBuffer struct = LAYOUT.at(value);
        int version = (int) FAMILY.get(struct);
        if (version == 0) {
            return Optional.empty();
        }
        Family family = version == Family.IPV4.version() ? Family.IPV4 : Family.IPV6;
        long flags = FLAGS.get(struct);
        int entropy = ENTROPY.getWord(struct);
        return Optional.of(new BackendEntry(
                new Endpoint(Addresses.get(struct, ADDRESS, family), PORT.getPort(struct)),
                (int) SLOT.get(struct), (flags & DOWN) != 0, (flags & STATEFUL) != 0, (flags & DRAINING) != 0,
                decodeHop(struct, family),
                entropy == 0 ? Optional.empty() : Optional.of(new OuterSource(Addresses.get(struct, SOURCE, family), entropy))));
    }

    private static Optional<NextHop> decodeHop(ByteBuffer struct, Family family) {
        int ifindex = (int) IFINDEX.get(struct);
        if (ifindex == 0) {
            return Optional.empty();
        }
        byte[] mac = MAC.getBytes(struct, 2 * MAC_BYTES);
        return Optional.of(new NextHop(
                Addresses.get(struct, SOURCE, family), ifindex, (int) MTU.get(struct),
                Arrays.copyOf(mac, MAC_BYTES), Arrays.copyOfRange(mac, MAC_BYTES, 2 * MAC_BYTES),
                VlanTags.decode(VLAN.get(struct))));
    }

    public BackendEntry withDown(boolean nowDown) {
        return new BackendEntry(endpoint, slot, nowDown, stateful, draining, hop, outer);
    }

    public BackendEntry withHop(Optional<NextHop> nowHop) {
        return new BackendEntry(endpoint, slot, down, stateful, draining, nowHop, outer);
    }

    public BackendEntry withOuterSource(Optional<OuterSource> nowOuter) {
        return new BackendEntry(endpoint, slot, down, stateful, draining, hop, nowOuter);
    }
}
