package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerKeys;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * The listeners of one family in shared memory: buckets of four, two buckets for each key, the second for what finds no room in
 * the first, which counts it. Programs read while this writes:
 * whatever they see of an entry is whole words, the key is written last, and the place of a removed listener stays empty for
 * longer than any packet is on its way. Not thread-safe.
 */
public final class ListenerTable implements AutoCloseable {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long REST_NANOS = 1_000_000_000L;
    private static final int ENTRY = 16;

    private final Family family;
    private final Mapping mapping;
    private final ByteBuffer memory;
    private final int keySize;
    private final int bucketSize;
    private final Map<Integer, Long> restingSince = new HashMap<>();
    private boolean closed;

    /** @param map loom_listeners4 or loom_listeners6 */
    public ListenerTable(Family family, BpfMap map) {
        this.family = family;
        this.mapping = map.map();
        this.memory = mapping.buffer();
        this.keySize = ListenerKeys.size(family);
        this.bucketSize = ListenerKeys.bucketSize(family);
    }

    /**
     * Writes the entry, in the place that the listener has or in a free one.
     *
     * @throws LoomException LOOM-1213 if both buckets are full
     */
    public void put(ListenerKey listener, ListenerEntry entry) {
        put(listener.toString(), ListenerKeys.encode(listener), entry);
    }

    /**
     * Enters that the address is a vip's.
     *
     * @throws LoomException LOOM-1213 if both buckets are full
     */
    public void putAddress(InetAddress address) {
        put(IpAddress.format(address), ListenerKeys.encodeAddress(address), ListenerEntry.ofAddress());
    }

    private void put(String listener, byte[] key, ListenerEntry entry) {
        requireOpen();
        int[] buckets = ListenerKeys.buckets(key);
        OptionalInt present = find(key, buckets);
        int place = present.isPresent() ? present.getAsInt() : freePlace(listener, buckets);
        if (present.isEmpty() && place / ListenerKeys.WAYS != buckets[0]) {
            addSpilled(buckets[0], 1);
        }
        if (present.isEmpty()) {
            write(place, key, entry.encode());
        } else {
            writeEntry(place, entry.encode());
        }
    }

    public void remove(ListenerKey listener) {
        remove(ListenerKeys.encode(listener));
    }

    public void removeAddress(InetAddress address) {
        remove(ListenerKeys.encodeAddress(address));
    }

    private void remove(byte[] key) {
        requireOpen();
        int[] buckets = ListenerKeys.buckets(key);
        find(key, buckets).ifPresent(place -> {
            LONG.setVolatile(memory, tailAt(place), 0L);
            restingSince.put(place, System.nanoTime());
            if (place / ListenerKeys.WAYS != buckets[0]) {
                addSpilled(buckets[0], -1);
            }
        });
    }

    public void forEach(BiConsumer<ListenerKey, ListenerEntry> visitor) {
        walk((key, entry) -> {
            if (!entry.flags().contains(ListenerEntry.Flag.ADDRESS)) {
                visitor.accept(ListenerKeys.decode(family, key), entry);
            }
        });
    }

    /** Those that {@link #putAddress} has entered. */
    public Set<InetAddress> addresses() {
        Set<InetAddress> addresses = new HashSet<>();
        walk((key, entry) -> {
            if (entry.flags().contains(ListenerEntry.Flag.ADDRESS)) {
                addresses.add(ListenerKeys.address(family, key));
            }
        });
        return addresses;
    }

    private void walk(BiConsumer<byte[], ListenerEntry> visitor) {
        requireOpen();
        for (int place = 0; place < ListenerKeys.BUCKETS * ListenerKeys.WAYS; place++) {
            if (isTaken(place)) {
                byte[] key = new byte[keySize];
                byte[] entry = new byte[ENTRY];
                memory.get(keyAt(place), key);
                memory.get(entryAt(place), entry);
                visitor.accept(key, ListenerEntry.decode(entry));
            }
        }
    }

    /** Memory that is unmapped must not be touched. */
    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the listeners are closed");
        }
    }

    private OptionalInt find(byte[] key, int[] buckets) {
        byte[] there = new byte[keySize];
        for (int bucket : buckets) {
            for (int place = bucket * ListenerKeys.WAYS; place < (bucket + 1) * ListenerKeys.WAYS; place++) {
                memory.get(keyAt(place), there);
                if (Arrays.equals(there, key)) {
                    return OptionalInt.of(place);
                }
            }
        }
        return OptionalInt.empty();
    }

    /** Too many cost a look in vain, too few hide a listener: so counted before it is there, and until it is gone. */
    private void addSpilled(int bucket, int change) {
        int at = bucket * bucketSize + ListenerKeys.spilledAt(family);
        LONG.setVolatile(memory, at, memory.getLong(at) + change);
    }

    private int freePlace(String listener, int[] buckets) {
        long now = System.nanoTime();
        restingSince.values().removeIf(since -> now - since > REST_NANOS);
        int bucket = hasFree(buckets[0]) ? buckets[0] : buckets[1];
        if (!hasFree(bucket)) {
            makeRoom(buckets);
            throw new LoomException(Problem.of(
                    "LOOM-1213", "no place is free for listener " + listener,
                    "both buckets of the listener map that it can be in are full, or were a second ago",
                    "try again, or choose another address or port"));
        }
        return firstFree(bucket);
    }

    /**
     * Has one of those that are in the way go to its own second bucket: its place is free when it has rested, for the next attempt.
     * One that is in its second bucket stays, since programs look there last and could miss it on its way back.
     */
    private void makeRoom(int[] buckets) {
        for (int bucket : buckets) {
            for (int place = bucket * ListenerKeys.WAYS; place < (bucket + 1) * ListenerKeys.WAYS; place++) {
                byte[] key = new byte[keySize];
                memory.get(keyAt(place), key);
                int[] own = ListenerKeys.buckets(key);
                if (isTaken(place) && own[0] == bucket && own[1] != bucket && hasFree(own[1])) {
                    byte[] entry = new byte[ENTRY];
                    memory.get(entryAt(place), entry);
                    addSpilled(bucket, 1);
                    write(firstFree(own[1]), key, entry);
                    LONG.setVolatile(memory, tailAt(place), 0L);
                    restingSince.put(place, System.nanoTime());
                    return;
                }
            }
        }
    }

    private int firstFree(int bucket) {
        int place = bucket * ListenerKeys.WAYS;
        while (!isFree(place)) {
            place++;
        }
        return place;
    }

    /** To a place that nobody has: the key, by which it is found, comes last. */
    private void write(int place, byte[] key, byte[] entry) {
        writeEntry(place, entry);
        ByteBuffer words = ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN);
        for (int word = 0; word < keySize; word += Long.BYTES) {
            LONG.setVolatile(memory, keyAt(place) + word, words.getLong(word));
        }
    }

    private void writeEntry(int place, byte[] entry) {
        ByteBuffer words = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
        for (int word = 0; word < ENTRY; word += Long.BYTES) {
            LONG.setVolatile(memory, entryAt(place) + word, words.getLong(word));
        }
    }

    private boolean hasFree(int bucket) {
        return IntStream.range(bucket * ListenerKeys.WAYS, (bucket + 1) * ListenerKeys.WAYS).anyMatch(this::isFree);
    }

    private boolean isFree(int place) {
        return !isTaken(place) && !restingSince.containsKey(place);
    }

    private boolean isTaken(int place) {
        return memory.getLong(tailAt(place)) != 0;
    }

    private int keyAt(int place) {
        return place / ListenerKeys.WAYS * bucketSize + place % ListenerKeys.WAYS * keySize;
    }

    /** The key's last word, which is zero where nobody is. */
    private int tailAt(int place) {
        return keyAt(place) + keySize - Long.BYTES;
    }

    private int entryAt(int place) {
        return place / ListenerKeys.WAYS * bucketSize + ListenerKeys.listenersAt(family) + place % ListenerKeys.WAYS * ENTRY;
    }

    @Override
    public void close() {
        closed = true;
        mapping.close();
    }
}
