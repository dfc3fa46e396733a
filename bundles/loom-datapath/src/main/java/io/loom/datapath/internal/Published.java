package io.loom.datapath.internal;

import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.TableSpec;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.Arrays;

/**
 * A table as the kernel has it.
 *
 * @param entries as in the array; none: there was no backend yet, and there is no array under the number
 * @param changed when an entry changed last, {@link System#nanoTime()}
 */
record Published(int number, LookupTable.Index index, TableSpec spec, int[] entries, long changed) {
    int size() {
        return entries.length;
    }

    /** Who gets new connections, an entry each: numbers of backends, 0 for none. */
    int[] current() {
        return Arrays.stream(entries).map(TableEntry::current).toArray();
    }

    boolean isChanging() {
        for (int entry : entries) {
            if (TableEntry.isChanging(entry)) {
                return true;
            }
        }
        return false;
    }
}
