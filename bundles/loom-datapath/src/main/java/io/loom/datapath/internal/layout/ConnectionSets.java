package io.loom.datapath.internal.layout;

/** Values of loom_conns4 and loom_conns6 where those are Loom's cache: offsets within a set of eight ways. */
public final class ConnectionSets {
    public static final int WAYS = 8;
    /** Bytes of struct loom_way. */
    public static final int WAY = 16;
    /** Offset of the word in a way; the key is before it. */
    public static final int WORD = 8;
    /** Offset of the IPv6 addresses, 16 bytes a way. */
    public static final int CLIENTS = WAYS * WAY;

    static final StructLayout WAY_LAYOUT = new StructLayout("loom_way", WAY, new Field("key", 0, 8), new Field("word", WORD, 8));
    static final StructLayout LAYOUT4 = new StructLayout("loom_set4", CLIENTS, new Field("way", 0, CLIENTS));
    static final StructLayout LAYOUT6 = new StructLayout(
            "loom_set6", 2 * CLIENTS, new Field("way", 0, CLIENTS), new Field("client", CLIENTS, WAYS * 16));

    private ConnectionSets() {}

    /** Number of the listener in a way's key. */
    public static int listener(long key) {
        return (int) (key & 0xffff) - 1;
    }

    /** The client's port as two bytes of a packet, read little endian. */
    public static int rawPort(long key) {
        return (int) (key >>> 16 & 0xffff);
    }

    /** The client's IPv4 address as four bytes of a packet, read little endian. */
    public static int rawAddress(long key) {
        return (int) (key >>> 32);
    }
}
