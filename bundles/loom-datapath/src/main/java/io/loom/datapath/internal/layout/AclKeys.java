package io.loom.datapath.internal.layout;

import io.loom.api.Family;
import io.loom.api.Prefix;
import java.nio.ByteBuffer;

/** Keys of loom_acl4 and loom_acl6, and the values that say what becomes of a source. */
public final class AclKeys {
    private static final Field BITS = new Field("bits", 0, 4);
    private static final Field ADDRESS4 = new Field("address", 4, 4);
    private static final Field ADDRESS6 = new Field("address", 4, 16);
    static final StructLayout LAYOUT4 = new StructLayout("loom_acl_key4", 8, BITS, ADDRESS4);
    static final StructLayout LAYOUT6 = new StructLayout("loom_acl_key6", 20, BITS, ADDRESS6);
    private static final byte DENY = 1;

    private AclKeys() {}

    public static byte[] encode(Prefix prefix) {
        boolean four = prefix.family() == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).create();
        BITS.put(struct, prefix.length());
        Addresses.put(struct, four ? ADDRESS4 : ADDRESS6, prefix.address());
        return struct.array();
    }

    public static Prefix decode(Family family, byte[] key) {
        boolean four = family == Family.IPV4;
        ByteBuffer struct = (four ? LAYOUT4 : LAYOUT6).at(key);
        return new Prefix(Addresses.get(struct, four ? ADDRESS4 : ADDRESS6, family), (int) BITS.get(struct));
    }

    /** @param deny false: the source is allowed */
    public static byte[] action(boolean deny) {
        return new byte[] {deny ? DENY : 0, 0, 0, 0};
    }

    public static boolean denies(byte[] action) {
        return action[0] == DENY;
    }
}
