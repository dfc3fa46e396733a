package io.loom.datapath.internal;

import io.loom.datapath.internal.Published;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.Arrays;
import java.util.BitSet;

/** What the entries of a lookup table become, from what they were: they remember where flows are that began before (ADR 13). Pure. */
final class TableSuccession {
    private TableSuccession() {}

    /** Of a table without predecessor. */
    static int[] first(int[] backends) {
        return Arrays.stream(backends).map(TableEntry::settled).toArray();
    }

    /**
     * Of a table that comes after another one. If its size or kind is another, entries only tell about where a flow was that has
     * the middle of their share.
     *
     * @param backends who gets new connections, an entry each
     * @param sameForm of the same size, and found in the same way
     */
    static int[] next(Published before, boolean sameForm, int[] backends) {
        int[] entries = new int[backends.length];
        for (int i = 0; i < entries.length; i++) {
            if (before.size() == 0) {
                entries[i] = TableEntry.changing(backends[i], backends[i]);
            } else if (sameForm) {
                entries[i] = TableEntry.next(before.entries()[i], backends[i]);
            } else {
                int there = before.entries()[(int) ((2L * i + 1) * before.size() / (2L * entries.length))];
                int previous = TableEntry.isChanging(there) ? TableEntry.previous(there) : TableEntry.current(there);
                entries[i] = TableEntry.changing(backends[i], previous);
            }
        }
        return entries;
    }

    /** When changes have ended, but for entries with which connections disagree: these are looked for on. */
    static int[] settled(int[] before, BitSet dissent) {
        int[] entries = before.clone();
        for (int i = 0; i < entries.length; i++) {
            if (TableEntry.isChanging(entries[i])) {
                int settled = TableEntry.settled(TableEntry.current(entries[i]));
                entries[i] = dissent.get(i) ? TableEntry.doubted(settled) : settled;
            }
        }
        return entries;
    }
}
