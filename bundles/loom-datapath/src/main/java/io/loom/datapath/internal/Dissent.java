package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Finds the entries of lookup tables that live connections disagree with: those must go on being looked for in the connection
 * table. Filled by one sweep. Not thread-safe.
 */
final class Dissent {
    private final Map<Integer, View> listeners;
    private final Map<Integer, BitSet> byTable = new HashMap<>();

    /** @param entries of the table of a listener that goes by flow hash */
    record View(int table, FlowHash hash, int[] entries) {}

    /** @param listeners by number, those whose table has changed not long ago */
    Dissent(Map<Integer, View> listeners) {
        this.listeners = Map.copyOf(listeners);
    }

    void see(int listener, int[] client, int rawPort, long word) {
        View view = listeners.get(listener);
        if (view == null) {
            return;
        }
        int position = FlowHash.position(view.hash().of(client, rawPort), view.entries().length);
        if (TableEntry.current(view.entries()[position]) != ConnectionWord.backend(word)) {
            byTable.computeIfAbsent(view.table(), absent -> new BitSet()).set(position);
        }
    }

    /** Positions in a table that a connection disagrees with. */
    BitSet of(int table) {
        return byTable.getOrDefault(table, new BitSet());
    }
}
