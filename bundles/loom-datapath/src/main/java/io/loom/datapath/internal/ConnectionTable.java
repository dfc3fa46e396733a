package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.datapath.internal.layout.ConnectionKeys;
import io.loom.datapath.internal.layout.ConnectionSets;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.Mapping;
import io.loom.libbpf.UpdateMode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The connections of one family as the control plane reads and deletes them, whichever table holds them: Loom's cache, through
 * shared memory, or a kernel hash. A walk sees each connection that lives all the while at least once.
 */
public final class ConnectionTable {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int ADDRESS_BYTES = 16;

    private final Family family;
    private final BpfMap map;
    private final boolean cache;

    public ConnectionTable(Family family, BpfMap map) {
        this.family = family;
        this.map = map;
        this.cache = map.type() == MapType.ARRAY;
    }

    /** What a walk does with a connection. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * @param listener number
         * @param client   address words, one or four, bytes of the packet read little endian; reused by the next call
         * @param rawPort  the client's, likewise
         * @param word     see {@link ConnectionWord}
         * @return the word that takes its place: the same to leave it, 0 to delete it. Without effect if it has moved on
         */
        long visit(int listener, int[] client, int rawPort, long word);
    }

    /** Visits all connections; returns how many were deleted. */
    public long walk(Visitor visitor) {
        return cache ? walkSets(visitor) : walkEntries(visitor);
    }

    private long walkSets(Visitor visitor) {
        long deleted = 0;
        int setSize = map.valueSize();
        int[] client = new int[family == Family.IPV4 ? 1 : 4];
        try (Mapping mapping = map.map()) {
            ByteBuffer sets = mapping.buffer();
            for (int set = 0; set < map.maxEntries(); set++) {
                for (int i = 0; i < ConnectionSets.WAYS; i++) {
                    int way = set * setSize + i * ConnectionSets.WAY;
                    long key = sets.getLong(way);
                    long word = sets.getLong(way + ConnectionSets.WORD);
                    if (key != 0 && word != 0) {
                        readClient(sets, set * setSize + ConnectionSets.CLIENTS + i * ADDRESS_BYTES, key, client);
                        long next = visitor.visit(ConnectionSets.listener(key), client, ConnectionSets.rawPort(key), word);
                        boolean replaced = next != word && LONG.compareAndSet(sets, way + ConnectionSets.WORD, word, next);
                        deleted += replaced && next == 0 ? 1 : 0;
                    }
                }
            }
        }
        return deleted;
    }

    private static void readClient(ByteBuffer sets, int at, long key, int[] client) {
        if (client.length == 1) {
            client[0] = ConnectionSets.rawAddress(key);
            return;
        }
        for (int word = 0; word < client.length; word++) {
            client[word] = sets.getInt(at + word * Integer.BYTES);
        }
    }

    private record Replacement(byte[] key, byte[] before, long next) {}

    private long walkEntries(Visitor visitor) {
        List<Replacement> replacements = new ArrayList<>();
        int[] client = new int[family == Family.IPV4 ? 1 : 4];
        map.forEach((key, value) -> {
            ByteBuffer fields = ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN);
            for (int word = 0; word < client.length; word++) {
                client[word] = fields.getInt();
            }
            int rawPort = Short.toUnsignedInt(fields.getShort());
            long word = ConnectionWord.head(value);
            long next = visitor.visit(ConnectionKeys.listener(family, key), client, rawPort, word);
            if (next != word) {
                replacements.add(new Replacement(key, value, next));
            }
        });
        return replacements.stream().filter(this::replace).count();
    }

    /** Looks again just before: a flow that came back since keeps its entry. True if it was deleted. */
    private boolean replace(Replacement replacement) {
        boolean same = map.lookup(replacement.key())
                .filter(value -> ConnectionWord.head(value) == ConnectionWord.head(replacement.before())).isPresent();
        if (same && replacement.next() != 0) {
            byte[] value = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(replacement.next()).array();
            map.update(replacement.key(), value, UpdateMode.EXIST);
        }
        return same && replacement.next() == 0 && map.delete(replacement.key());
    }
}
