package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.TableRows;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.Mapping;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The inner maps of loom_tables: filled through shared memory before anyone sees them, then published by one update. */
public final class TableContent {
    private static final int BPF_F_MMAPABLE = 1 << 10;
    private static final int BPF_F_INNER_MAP = 1 << 12;

    private TableContent() {}

    /**
     * Puts a table in the place of whatever has its number. Programs see the old one or the new one, nothing between; takes
     * about 10 ms.
     *
     * @param backends number of the backend of each entry
     */
    public static void publish(BpfMap tables, int number, int[] backends) {
        try (BpfMap inner = BpfMap.create(
                MapType.ARRAY, "loom_table", Integer.BYTES, TableRows.rowSize(), TableRows.rows(backends.length),
                BPF_F_MMAPABLE | BPF_F_INNER_MAP)) {
            try (Mapping mapping = inner.map()) {
                TableRows.write(mapping.buffer(), backends);
            }
            tables.updateFd(Keys.of(number), inner);
        }
    }

    /** True if the table with that number holds exactly these entries (and maybe a rest of its last row). */
    public static boolean holds(BpfMap tables, int number, int[] backends) {
        return read(tables, number, backends.length).filter(there -> Arrays.equals(there, backends)).isPresent();
    }

    /** Numbers in a table of that many entries; none if there is no such table. */
    static Set<Integer> backends(BpfMap tables, int number, int size) {
        return read(tables, number, size).stream().flatMapToInt(Arrays::stream).boxed().collect(Collectors.toSet());
    }

    private static Optional<int[]> read(BpfMap tables, int number, int size) {
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
