package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;

import com.sun.jna.Memory;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Errno;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.Options;

/** Writes entries into a map, thousands a call where the kernel takes batches for its type, else one by one. For one thread. */
public final class MapFill implements AutoCloseable {
    private static final int CHUNK = 4096;

    private final BpfMap map;
    private final int keySize;
    private final int entryBytes;
    private final Memory keys;
    private final Memory values;
    private int pending;
    private boolean batches = true;
    private long refused;

    /** @param entryBytes of a whole value, over all CPUs */
    MapFill(BpfMap map, int keySize, int entryBytes) {
        this.map = map;
        this.keySize = keySize;
        this.entryBytes = entryBytes;
        this.keys = new Memory((long) CHUNK * keySize);
        this.values = new Memory((long) CHUNK * entryBytes);
    }

    /** Adds the entry or takes the place of its former value. */
    public void put(byte[] key, byte[] value) {
        if (key.length != keySize || value.length != entryBytes) {
            throw new IllegalArgumentException("map " + map.name() + " takes " + keySize + " and " + entryBytes + " bytes");
        }
        keys.write((long) pending * keySize, key, 0, keySize);
        values.write((long) pending * entryBytes, value, 0, entryBytes);
        if (++pending == CHUNK) {
            flush();
        }
    }

    private void flush() {
        int done = 0;
        if (batches && pending > 0) {
            int[] count = {pending};
            int rc = LibBpf.bpf_map_update_batch(map.fd(), Options.address(keys), Options.address(values), count, 0);
            batches = rc == 0 || !(rc == -Errno.EINVAL || Errno.unsupported(-rc));
            done = rc == 0 ? pending : batches ? Math.min(count[0], pending) : 0;
        }
        for (int i = done; i < pending; i++) {
            int rc = LibBpf.bpf_map_update_elem(map.fd(), keys.getByteArray((long) i * keySize, keySize),
                    values.getByteArray((long) i * entryBytes, entryBytes), UpdateMode.ANY.flag());
            if (rc == -Errno.E2BIG || rc == -Errno.ENOMEM) {
                refused++;
            } else {
                check(rc, Action.WRITE_MAP, map.name());
            }
        }
        pending = 0;
    }

    /** Entries for which the map had no room; of those that were put before the last call, unless it is closed. */
    public long refused() {
        return refused;
    }

    @Override
    public void close() {
        flush();
    }
}
