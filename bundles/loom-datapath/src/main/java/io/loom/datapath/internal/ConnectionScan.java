package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.datapath.internal.layout.ConnectionKeys;
import io.loom.datapath.internal.layout.ConnectionSets;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapBatch;
import io.loom.libbpf.MapType;
import io.loom.libbpf.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalLong;

/**
 * The connections of one family piece by piece, while programs work with them: a connection never moves in its table, so a place in it
 * (a way of the cache, a bucket of a kernel hash) is where a later call goes on. Unlike {@link ConnectionTable} it changes nothing.
 */
final class ConnectionScan {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int ADDRESS_BYTES = 16;
    /** Entries of a kernel hash in one call. */
    private static final int BATCH = 4096;
    /** Looks at a way that is being written, which takes nanoseconds unless the writer's CPU is taken away. */
    private static final int LOOKS = 100;

    private final Family family;
    private final BpfMap map;
    private final int[] client;
    /** Of the way that was read last. */
    private long word;

    ConnectionScan(Family family, BpfMap map) {
        this.family = family;
        this.map = map;
        this.client = new int[family == Family.IPV4 ? 1 : 4];
    }

    /** A connection as the kernel has it. */
    interface Visitor {
        /**
         * @param client words as {@link ConnectionTable.Visitor} has them, reused by the next call; so is {@code rawPort}
         * @return whether it is one of those that are wanted
         */
        boolean visit(int listener, int[] client, int rawPort, long word);
    }

    /**
     * Goes through the table until enough have been taken.
     *
     * @param place  0, or what an earlier call for the same map has returned
     * @param limit  of connections to take; more only if the first bucket of a kernel hash has more
     * @param wanted may be asked more than once
     * @param taker  gets each one that is wanted
     * @return where the rest begins; empty: the end has been reached
     */
    OptionalLong read(long place, int limit, Visitor wanted, Visitor taker) {
        return map.type() == MapType.ARRAY ? readSets(place, limit, wanted, taker) : readBuckets(place, limit, wanted, taker);
    }

    private OptionalLong readSets(long place, int limit, Visitor wanted, Visitor taker) {
        int taken = 0;
        long ways = (long) map.maxEntries() * ConnectionSets.WAYS;
        try (Mapping mapping = map.map()) {
            ByteBuffer sets = mapping.buffer();
            for (long at = place; at < ways; at++) {
                if (taken == limit) {
                    return OptionalLong.of(at);
                }
                int set = (int) (at / ConnectionSets.WAYS) * map.valueSize();
                int i = (int) (at % ConnectionSets.WAYS);
                long key = way(sets, set, i);
                if (key != 0 && wanted.visit(ConnectionSets.listener(key), client, ConnectionSets.rawPort(key), word)) {
                    taker.visit(ConnectionSets.listener(key), client, ConnectionSets.rawPort(key), word);
                    taken++;
                }
            }
        }
        return OptionalLong.empty();
    }

    /** Reads word and client of a way; returns its key, 0 if it is empty. Its writer empties the key while the rest does not fit it. */
    private long way(ByteBuffer sets, int set, int i) {
        int at = set + i * ConnectionSets.WAY;
        for (int look = 0; look < LOOKS; look++) {
            long key = (long) LONG.getAcquire(sets, at);
            word = (long) LONG.getAcquire(sets, at + ConnectionSets.WORD);
            if (word == 0) {
                return 0;
            }
            readClient(sets, set + ConnectionSets.CLIENTS + i * ADDRESS_BYTES, key);
            VarHandle.loadLoadFence();
            if (key != 0 && (long) LONG.getAcquire(sets, at) == key) {
                return key;
            }
            Thread.onSpinWait();
        }
        return 0;
    }

    private void readClient(ByteBuffer sets, int at, long key) {
        if (family == Family.IPV4) {
            client[0] = ConnectionSets.rawAddress(key);
            return;
        }
        for (int i = 0; i < client.length; i++) {
            client[i] = sets.getInt(at + i * Integer.BYTES);
        }
    }

    private OptionalLong readBuckets(long place, int limit, Visitor wanted, Visitor taker) {
        OptionalLong at = OptionalLong.of(place);
        int chunk = Math.min(BATCH, limit);
        for (int taken = 0; at.isPresent() && taken < limit; ) {
            MapBatch batch = map.from((int) at.getAsLong(), chunk);
            List<MapBatch.Entry> found = found(batch, wanted);
            if (found.size() > limit - taken) {
                // Which of these are of one bucket nobody can tell, and only between buckets can a later call go on.
                batch = map.from((int) at.getAsLong(), limit - taken);
                found = found(batch, wanted);
                if (taken > 0 && found.size() > limit - taken) {
                    return at;
                }
            }
            found.forEach(entry -> visit(entry, taker));
            taken += found.size();
            at = batch.next().isPresent() ? OptionalLong.of(batch.next().getAsInt()) : OptionalLong.empty();
            chunk = chunk(limit - taken, found.size(), batch.entries().size());
        }
        return at;
    }

    /** Entries that it may take to find so many more, if as few of them are wanted as of those before. */
    private static int chunk(int more, int wanted, int of) {
        return wanted == 0 ? BATCH : (int) Math.max(1, Math.min(BATCH, (long) more * of / wanted));
    }

    private List<MapBatch.Entry> found(MapBatch batch, Visitor wanted) {
        return batch.entries().stream().filter(entry -> visit(entry, wanted)).toList();
    }

    private boolean visit(MapBatch.Entry entry, Visitor visitor) {
        ByteBuffer key = ByteBuffer.wrap(entry.key()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < client.length; i++) {
            client[i] = key.getInt();
        }
        int rawPort = Short.toUnsignedInt(key.getShort());
        return visitor.visit(ConnectionKeys.listener(family, entry.key()), client, rawPort, ConnectionWord.head(entry.value()));
    }
}
