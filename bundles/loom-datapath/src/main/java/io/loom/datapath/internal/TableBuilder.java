package io.loom.datapath.internal;

import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import java.util.Arrays;
import java.util.Optional;

/**
 * Has an algorithm, which may be anybody's code, fill a table: what it returns is used only if it is a table of the size and
 * for the backends that were asked for. {@link TableBuilds} decides on which thread and for how long.
 */
final class TableBuilder {
    private TableBuilder() {}

    /** @return a table that the algorithm has no hold of any more */
    static LookupTable build(Algorithm algorithm, BackendSet backends, int size) {
        LookupTable theirs = algorithm.build(backends, size);
        if (theirs == null || theirs.index() == null || theirs.slots() == null) {
            throw new Unfit("it returned no table");
        }
        int[] slots = theirs.slots();
        // Before the copy, for which a table of another size may be too large.
        refuse(wrongLength(theirs.index(), slots.length, backends.size(), size));
        LookupTable table = new LookupTable(theirs.index(), slots.clone());
        refuse(wrongBackend(table.slots(), backends.size()));
        return table;
    }

    private static void refuse(Optional<String> fault) {
        fault.ifPresent(why -> {
            throw new Unfit(why);
        });
    }

    private static Optional<String> wrongLength(LookupTable.Index index, int length, int backends, int size) {
        int wanted = backends == 0 ? 0 : size;
        // A table that is gone through by a counter is as long as its round.
        boolean round = index == LookupTable.Index.COUNTER && backends > 0;
        if (round ? length < 1 || length > Math.max(size, backends) : length != wanted) {
            return Optional.of("its table has " + length + " entries, not " + (round ? "1 to " : "") + wanted);
        }
        return Optional.empty();
    }

    private static Optional<String> wrongBackend(int[] slots, int backends) {
        return Arrays.stream(slots).filter(position -> position < 0 || position >= backends).boxed().findFirst()
                .map(position -> "its table names backend " + position + ", and there are " + backends + ", counted from 0");
    }
}
