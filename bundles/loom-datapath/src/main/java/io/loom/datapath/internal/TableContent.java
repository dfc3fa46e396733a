package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.TableEntry;
import io.loom.datapath.internal.layout.TableRows;
import io.loom.libbpf.BpfException;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapFill;
import io.loom.libbpf.MapType;
import io.loom.libbpf.Mapping;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The inner maps of loom_tables: filled through shared memory before anyone sees them, published by one update, and from then
 * on changed in place. Each is pinned under its number: to open it by the kernel's number would need CAP_SYS_ADMIN. A pin that
 * is not of the array that programs see is the work of a process that died between the two, and is made anew.
 */
public final class TableContent {
    private static final int BPF_F_MMAPABLE = 1 << 10;
    private static final int BPF_F_INNER_MAP = 1 << 12;
    /** Descriptors that are open at a time. */
    private static final int AT_A_TIME = 256;

    private final BpfMap tables;
    private final Path pins;

    /** @param pins directory on a bpffs */
    TableContent(BpfMap tables, Path pins) {
        this.tables = tables;
        this.pins = pins;
    }

    /**
     * Puts a table in the place of whatever has its number. Programs see the old one or the new one, nothing between; takes
     * about 10 ms. Pins nothing.
     *
     * @param entries see {@link TableEntry}
     */
    public static void publish(BpfMap tables, int number, int[] entries) {
        try (BpfMap inner = array(entries)) {
            tables.updateFd(Keys.of(number), inner);
        }
    }

    private static BpfMap array(int[] entries) {
        BpfMap inner = BpfMap.create(
                MapType.ARRAY, "loom_table", Integer.BYTES, TableRows.rowSize(), TableRows.rows(entries.length),
                BPF_F_MMAPABLE | BPF_F_INNER_MAP);
        try (Mapping mapping = inner.map()) {
            TableRows.write(mapping.buffer(), entries);
            return inner;
        } catch (RuntimeException failure) {
            inner.close();
            throw failure;
        }
    }

    /**
     * The same for many, by number, in the time that one takes, and pins them: aside at first, so that a process may die between any two steps
     * and programs see what is pinned.
     */
    void publish(Map<Integer, int[]> contents) {
        List<Integer> numbers = List.copyOf(contents.keySet());
        for (int from = 0; from < numbers.size(); from += AT_A_TIME) {
            publish(numbers.subList(from, Math.min(from + AT_A_TIME, numbers.size())), contents);
        }
    }

    private void publish(List<Integer> numbers, Map<Integer, int[]> contents) {
        List<BpfMap> arrays = new ArrayList<>();
        try {
            MapFill outer = tables.fill();
            for (int number : numbers) {
                BpfMap array = array(contents.get(number));
                arrays.add(array);
                PinTree.remove(next(number));
                array.pin(next(number));
                outer.put(Keys.of(number), Keys.of(array.fd()));
            }
            outer.close();
            for (int i = 0; outer.refused() > 0 && i < arrays.size(); i++) {
                tables.updateFd(Keys.of(numbers.get(i)), arrays.get(i)); // says why
            }
            numbers.forEach(number -> PinTree.move(next(number), pin(number)));
        } finally {
            arrays.forEach(BpfMap::close);
        }
    }

    private Path next(int number) {
        return pins.resolve(number + "_next");
    }

    private Path pin(int number) {
        return pins.resolve("" + number);
    }

    /** Names of pins: the numbers of tables, and what processes left that died. */
    Set<String> pinned() {
        return new HashSet<>(PinTree.names(pins));
    }

    int maxNumbers() {
        return tables.maxEntries();
    }

    void delete(int number) {
        tables.delete(Keys.of(number));
        PinTree.remove(pin(number));
        PinTree.remove(next(number));
    }

    /** The array that programs see; empty if there is none, or if this process may not open it. */
    private Optional<BpfMap> open(int number) {
        Optional<Integer> id = tables.lookup(Keys.of(number)).map(Keys::number);
        if (id.isEmpty()) {
            return Optional.empty();
        }
        for (Path pin : List.of(pin(number), next(number))) {
            if (Files.exists(pin)) {
                BpfMap pinned = BpfMap.open(pin);
                if (pinned.id() == id.get()) {
                    return Optional.of(pinned);
                }
                pinned.close();
            }
        }
        try {
            return Optional.of(BpfMap.open(id.get()));
        } catch (BpfException needsMorePrivilege) {
            return Optional.empty();
        }
    }

    /**
     * Writes the entries that differ into the array that is there, one by one while programs read them. Each stands alone, so a
     * program sees nothing but old and new ones; there is no grace period to wait for as with {@link #publish}.
     *
     * @return false if there is no such array
     */
    boolean change(int number, int[] before, int[] after) {
        Optional<BpfMap> found = open(number);
        if (found.isEmpty()) {
            return false;
        }
        try (BpfMap inner = found.get(); Mapping mapping = inner.map()) {
            ByteBuffer entries = mapping.buffer();
            for (int position = 0; position < after.length; position++) {
                if (before[position] != after[position]) {
                    TableRows.put(entries, position, after[position]);
                }
            }
        }
        return true;
    }

    /** The entries of a table of that many; empty if there is no such table. */
    Optional<int[]> read(int number, int size) {
        return open(number).flatMap(found -> {
            try (BpfMap inner = found) {
                return inner.maxEntries() == TableRows.rows(size) ? Optional.of(entries(inner, size)) : Optional.empty();
            }
        });
    }

    private static int[] entries(BpfMap inner, int size) {
        try (Mapping mapping = inner.map()) {
            return TableRows.read(mapping.buffer(), size);
        }
    }
}
