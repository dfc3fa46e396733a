package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.datapath.internal.layout.CacheHash;
import io.loom.datapath.internal.layout.ConnectionKeys;
import io.loom.datapath.internal.layout.ConnectionSets;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapFill;
import io.loom.libbpf.MapType;
import io.loom.libbpf.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Puts connections of another table into one that no program, or the next one already, works with. Of a set that is full those that are
 * not assured make room, the longest quiet first, as in conntrack/cache.h. Into a table in use a connection goes by
 * compare-and-exchange of its word, before its key: what the program enters at that very moment stays.
 */
final class ConnectionFill implements AutoCloseable {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int ADDRESS_BYTES = 16;

    private final Family family;
    private final BpfMap map;
    private final CacheHash hash;
    private final int now;
    private final boolean used;
    private final Mapping mapping;
    private final MapFill entries;
    private long dropped;

    /**
     * @param now  tick
     * @param used a program works with it: nothing of its own makes room
     */
    ConnectionFill(Family family, BpfMap map, long seed, int now, boolean used) {
        this.used = used;
        this.family = family;
        this.map = map;
        this.now = now;
        boolean cache = map.type() == MapType.ARRAY;
        this.hash = new CacheHash(seed, map.maxEntries());
        this.mapping = cache ? map.map() : null;
        this.entries = cache ? null : map.fill();
    }

    /** @param client and {@code rawPort}: as {@link ConnectionTable.Visitor} has them */
    void put(int listener, int[] client, int rawPort, long word) {
        if (mapping == null) {
            entries.put(ConnectionKeys.of(family, client, rawPort, listener), ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN).putLong(word).array());
        } else {
            putIntoSet(hash.key(listener, client, rawPort), client, word);
        }
    }

    private void putIntoSet(long key, int[] client, long word) {
        ByteBuffer sets = mapping.buffer();
        int set = hash.set(key, client) * map.valueSize();
        int victim = -1;
        long least = Long.MAX_VALUE;
        for (int i = 0; i < ConnectionSets.WAYS; i++) {
            int way = set + i * ConnectionSets.WAY;
            long present = sets.getLong(way + ConnectionSets.WORD);
            if (sets.getLong(way) == key && isOf(sets, set, i, client)) {
                if (later(word, present)) {
                    LONG.compareAndSet(sets, way + ConnectionSets.WORD, present, word);
                }
                return;
            }
            long worth = present == 0 ? -1 : worth(present);
            if (worth < least) {
                least = worth;
                victim = i;
            }
        }
        if (least >= (used ? 0 : worth(word))) {
            dropped++;
        } else {
            dropped += least < 0 ? 0 : 1;
            enter(sets, set, victim, key, client, word);
        }
    }

    private void enter(ByteBuffer sets, int set, int i, long key, int[] client, long word) {
        int way = set + i * ConnectionSets.WAY;
        long former = sets.getLong(way + ConnectionSets.WORD);
        if (!LONG.compareAndSet(sets, way, sets.getLong(way), 0L)
                || !LONG.compareAndSet(sets, way + ConnectionSets.WORD, former, word)) {
            dropped++;
            return;
        }
        for (int w = 0; client.length > 1 && w < client.length; w++) {
            sets.putInt(set + ConnectionSets.CLIENTS + i * ADDRESS_BYTES + w * Integer.BYTES, client[w]);
        }
        LONG.setVolatile(sets, way, key);
    }

    private static boolean isOf(ByteBuffer sets, int set, int i, int[] client) {
        for (int w = 0; client.length > 1 && w < client.length; w++) {
            if (sets.getInt(set + ConnectionSets.CLIENTS + i * ADDRESS_BYTES + w * Integer.BYTES) != client[w]) {
                return false;
            }
        }
        return true;
    }

    /** Assured ones first, then by the time of the last packet. */
    private long worth(long word) {
        ConnectionWord seen = ConnectionWord.decode(word);
        return (seen.assured() ? 1L << ConnectionWord.SEEN_BITS : 0) + (1 << ConnectionWord.SEEN_BITS) - 1
                - Math.max(0, ConnectionWord.idle(word, now));
    }

    /** Whether the first of two words of a connection was written after the second. */
    private boolean later(long word, long present) {
        return ConnectionWord.idle(word, now) < ConnectionWord.idle(present, now);
    }

    /** Connections that found no room, or made room for others. */
    long dropped() {
        return dropped + (entries == null ? 0 : entries.refused());
    }

    @Override
    public void close() {
        if (mapping != null) {
            mapping.close();
        } else {
            entries.close();
        }
    }
}
