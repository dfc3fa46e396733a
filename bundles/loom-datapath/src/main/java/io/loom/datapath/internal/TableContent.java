package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.TableEntry;
import io.loom.datapath.internal.layout.TableRows;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.Mapping;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The inner maps of loom_tables: filled through shared memory before anyone sees them, published by one update, and from then
 * on changed in place.
 */
public final class TableContent {
    private static final int BPF_F_MMAPABLE = 1 << 10;
    private static final int BPF_F_INNER_MAP = 1 << 12;

    private TableContent() {}

    /**
     * Puts a table in the place of whatever has its number. Programs see the old one or the new one, nothing between; takes
     * about 10 ms.
     *
     * @param entries see {@link TableEntry}
     */
    public static void publish(BpfMap tables, int number, int[] entries) {
        try (BpfMap inner = BpfMap.create(
                MapType.ARRAY, "loom_table", Integer.BYTES, TableRows.rowSize(), TableRows.rows(entries.length),
                BPF_F_MMAPABLE | BPF_F_INNER_MAP)) {
            try (Mapping mapping = inner.map()) {
                TableRows.write(mapping.buffer(), entries);
            }
            tables.updateFd(Keys.of(number), inner);
        }
    }

    /**
     * Writes the entries that differ into the array that is there, one by one while programs read them. Each stands alone, so a
     * program sees nothing but old and new ones; there is no grace period to wait for as with {@link #publish}.
     *
     * @return false if there is no such array
     */
    static boolean change(BpfMap tables, int number, int[] before, int[] after) {
        Optional<Integer> id = tables.lookup(Keys.of(number)).map(Keys::number);
        if (id.isEmpty()) {
            return false;
        }
        try (BpfMap inner = BpfMap.open(id.get()); Mapping mapping = inner.map()) {
            ByteBuffer entries = mapping.buffer();
            for (int position = 0; position < after.length; position++) {
                if (before[position] != after[position]) {
                    TableRows.put(entries, position, after[position]);
                }
            }
        }
        return true;
    }

    /**
     * Ends the change of entries, one by one while programs read them.
     *
     * @param positions of entries that no connection disagrees with any more
     */
    static void settle(BpfMap tables, int number, BitSet positions) {
        tables.lookup(Keys.of(number)).map(Keys::number).ifPresent(id -> {
            try (BpfMap inner = BpfMap.open(id); Mapping mapping = inner.map()) {
                ByteBuffer entries = mapping.buffer();
                positions.stream().forEach(position -> TableRows.settle(entries, position));
            }
        });
    }

    /** Backends that entries name as their present or their previous one. */
    static Set<Integer> backends(int[] entries) {
        Set<Integer> numbers = new HashSet<>();
        for (int entry : entries) {
            numbers.add(TableEntry.current(entry));
            numbers.add(TableEntry.previous(entry));
        }
        return numbers;
    }

    /** The entries of a table of that many; empty if there is no such table. */
    static Optional<int[]> read(BpfMap tables, int number, int size) {
        return tables.lookup(Keys.of(number)).map(Keys::number).flatMap(id -> readInner(id, size));
    }

    private static Optional<int[]> readInner(int id, int size) {
        try (BpfMap inner = BpfMap.open(id)) {
            if (inner.maxEntries() != TableRows.rows(size)) {
                return Optional.empty();
            }
            try (Mapping mapping = inner.map()) {
                return Optional.of(TableRows.read(mapping.buffer(), size));
            }
        }
    }
}
