package io.loom.libbpf.internal;

import static io.loom.libbpf.internal.Check.check;

import com.sun.jna.Memory;
import io.loom.libbpf.MapBatch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.LongPredicate;

/** One walk over all entries of a map: in batches if the kernel has them for this type of map, else key by key. */
public final class MapDump {
    private final int firstChunk;
    private final int fd;
    private final String name;
    private final int keySize;
    private final int valueBytes;
    private final int maxEntries;

    /**
     * @param valueBytes of a whole entry, over all CPUs
     * @param firstChunk entries in one call; doubled where a bucket of the kernel's holds more
     */
    public MapDump(int fd, String name, int keySize, int valueBytes, int maxEntries, int firstChunk) {
        this.firstChunk = firstChunk;
        this.fd = fd;
        this.name = name;
        this.keySize = keySize;
        this.valueBytes = valueBytes;
        this.maxEntries = maxEntries;
    }

    public void forEach(BiConsumer<byte[], byte[]> entry) {
        forEach(head -> true, entry);
    }

    /** @param wanted which entries, by the first eight bytes of their values, which are at least as long */
    public void forEach(LongPredicate wanted, BiConsumer<byte[], byte[]> entry) {
        if (!inBatches(wanted, entry)) {
            oneByOne((key, value) -> {
                if (wanted.test(head(value))) {
                    entry.accept(key, value);
                }
            });
        }
    }

    private static long head(byte[] value) {
        return value.length < Long.BYTES ? 0 : ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getLong();
    }

    /** @return false if this map has no batches; then nothing was shown */
    private boolean inBatches(LongPredicate wanted, BiConsumer<byte[], byte[]> entry) {
        // A position is a key for arrays and a 32-bit bucket number for hashes.
        Memory position = Options.zeroed(Math.max(keySize, Integer.BYTES));
        boolean first = true;
        int chunk = Math.min(firstChunk, Math.max(1, maxEntries));
        Memory keys = new Memory((long) chunk * keySize);
        Memory values = new Memory((long) chunk * valueBytes);
        while (true) {
            int[] count = {chunk};
            long from = first ? 0 : Options.address(position);
            int rc = LibBpf.bpf_map_lookup_batch(fd, from, Options.address(position), Options.address(keys),
                    Options.address(values), count, 0);
            if (first && (rc == -Errno.EINVAL || Errno.unsupported(-rc))) {
                return false;
            }
            if (rc == -Errno.ENOSPC && chunk < maxEntries) {
                // A bucket holds more entries than a chunk has room for. The position has not moved.
                chunk = Math.min(chunk * 2, maxEntries);
                keys = new Memory((long) chunk * keySize);
                values = new Memory((long) chunk * valueBytes);
                continue;
            }
            boolean last = rc == -Errno.ENOENT;
            check(last ? 0 : rc, Action.READ_MAP, name);
            for (int i = 0; i < count[0]; i++) {
                if (valueBytes >= Long.BYTES && !wanted.test(values.getLong((long) i * valueBytes))) {
                    continue;
                }
                entry.accept(keys.getByteArray((long) i * keySize, keySize),
                        values.getByteArray((long) i * valueBytes, valueBytes));
            }
            if (last) {
                return true;
            }
            first = false;
        }
    }

    /** Whole buckets of a hash from a place on; see {@link io.loom.libbpf.BpfMap#from}. */
    public MapBatch from(int place, int atMost) {
        Memory position = Options.zeroed(Math.max(keySize, Integer.BYTES));
        for (int chunk = Math.max(1, atMost); ; chunk *= 2) {
            position.setInt(0, place);
            Memory keys = new Memory((long) chunk * keySize);
            Memory values = new Memory((long) chunk * valueBytes);
            int[] count = {chunk};
            int rc = LibBpf.bpf_map_lookup_batch(fd, Options.address(position), Options.address(position), Options.address(keys),
                    Options.address(values), count, 0);
            if (rc == -Errno.ENOSPC && chunk < maxEntries) {
                continue; // the first bucket has more
            }
            boolean last = rc == -Errno.ENOENT;
            check(last ? 0 : rc, Action.READ_MAP, name);
            List<MapBatch.Entry> entries = new ArrayList<>(count[0]);
            for (int i = 0; i < count[0]; i++) {
                entries.add(new MapBatch.Entry(keys.getByteArray((long) i * keySize, keySize),
                        values.getByteArray((long) i * valueBytes, valueBytes)));
            }
            return new MapBatch(entries, last ? OptionalInt.empty() : OptionalInt.of(position.getInt(0)));
        }
    }

    void oneByOne(BiConsumer<byte[], byte[]> entry) {
        byte[] key = null;
        // A key that is deleted while it is the position makes the kernel begin anew: the bound ends such a walk.
        for (long seen = 0; seen <= 2L * maxEntries; seen++) {
            byte[] next = new byte[keySize];
            int rc = LibBpf.bpf_map_get_next_key(fd, key, next);
            if (rc == -Errno.ENOENT) {
                return;
            }
            check(rc, Action.READ_MAP, name);
            byte[] value = new byte[valueBytes];
            rc = LibBpf.bpf_map_lookup_elem(fd, next, value);
            if (rc != -Errno.ENOENT) {
                check(rc, Action.READ_MAP, name);
                entry.accept(next, value);
            }
            key = next;
        }
    }
}
