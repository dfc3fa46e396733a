package io.loom.datapath.internal.layout;

/** The twin of cache_key() and cache_set() in conntrack/cache.h: where Loom's cache has a connection. Words are those of the packet. */
public final class CacheHash {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final long SPREAD = 0xd6e8feb86659fd93L;

    private final long seed;
    private final int sets;

    /** @param sets of the table, 31 bits */
    public CacheHash(long seed, int sets) {
        this.seed = seed;
        this.sets = sets;
    }

    /** @param client one word for IPv4, four for IPv6 */
    public long key(int listener, int[] client, int rawPort) {
        int address = client.length == 1 ? client[0] : (int) fold(client);
        return (long) address << 32 | (long) rawPort << 16 | listener + 1;
    }

    public int set(long key, int[] client) {
        long hash = client.length == 1 ? key : key ^ fold(client);
        return (int) ((mix(hash ^ seed) * SPREAD >>> 32) * sets >>> 32);
    }

    private long fold(int[] client) {
        return mix(mix(seed ^ pair(client[0], client[1])) ^ pair(client[2], client[3]));
    }

    private static long pair(int first, int second) {
        return (long) first << 32 | Integer.toUnsignedLong(second);
    }

    private static long mix(long hash) {
        long mixed = hash * GOLDEN;
        return mixed ^ mixed >>> 32;
    }
}
