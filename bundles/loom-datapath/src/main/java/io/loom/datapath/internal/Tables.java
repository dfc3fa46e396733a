package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/**
 * The lookup tables: an outer map of arrays of entries, one array for each vip and family. New content is written into the
 * array that is there, entry by entry; a new size or index takes a new number, since size and index stand in the listeners,
 * which then follow. An entry that changes remembers the backend it had, until no connection disagrees with it. Names of
 * tables are kept in loom_meta, so that a later process knows which is whose. Thread-safe.
 */
final class Tables {
    private static final String META = "table.";
    private static final int REPINNED_AT_A_TIME = 20;

    private final TableContent content;
    private final Meta meta;
    private final Map<TableKey, Published> published = new TreeMap<>();
    private final Set<Integer> retired = new TreeSet<>();

    Tables(TableContent content, Meta meta) {
        this.content = content;
        this.meta = meta;
    }

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
            return Arrays.stream(entries).anyMatch(TableEntry::isChanging);
        }
    }

    /**
     * Takes over a table that a listener refers to.
     *
     * @return its name
     */
    synchronized TableKey adopt(Family family, int number, LookupTable.Index index, int size) {
        TableKey unknown = new TableKey("unknown-" + number, family);
        TableKey key = meta.get(META + number).map(Tables::parse).orElse(unknown);
        if (published.containsKey(key) && published.get(key).number() != number) {
            // A process died while listeners moved from one number to the other: this one has not moved yet.
            key = unknown;
        }
        published.computeIfAbsent(key, absent -> new Published(
                number, index, new TableSpec("", size, Collections.emptySortedMap()),
                content.read(number, size).orElse(new int[0]), System.nanoTime()));
        return key;
    }

    /** Removes arrays and names that no listener refers to: what a process left that died between two steps. */
    synchronized void discardOthers() {
        Set<Integer> known = new HashSet<>();
        published.values().forEach(table -> known.add(table.number()));
        meta.withPrefix(META).keySet().stream().map(Integer::valueOf).filter(n -> !known.contains(n)).forEach(this::delete);
    }

    /**
     * Makes tables anew whose pins are gone, with what they hold: to pin what is there would take CAP_SYS_ADMIN. Some at a time,
     * since each takes some 10 ms.
     *
     * @return how many
     */
    synchronized int repin() {
        Set<Integer> pinned = content.pinned();
        List<Published> lost = published.values().stream().filter(table -> table.size() > 0 && !pinned.contains(table.number()))
                .limit(REPINNED_AT_A_TIME).toList();
        lost.forEach(table -> content.publish(table.number(), table.entries()));
        return lost.size();
    }

    /**
     * Publishes the table. One by flow hash that loses its last backend stays, with entries that name none for new connections:
     * others drain by what these had before.
     *
     * @param backends numbers, one for each entry; empty if there is no backend
     * @param moved    called if number, size or index are others than before, before the old array goes
     */
    synchronized void put(TableKey key, TableSpec spec, LookupTable.Index index, int[] backends, Runnable moved) {
        Published before = published.get(key);
        if (backends.length == 0 && before != null && before.size() > 0 && before.index() == LookupTable.Index.FLOW_HASH) {
            put(key, spec, before.index(), new int[before.size()], moved);
            return;
        }
        boolean inPlace = before != null && before.size() == backends.length && before.index() == index;
        int number = inPlace ? before.number() : newNumber(key);
        int[] entries = entries(before, inPlace, backends);
        boolean same = inPlace && Arrays.equals(entries, before.entries());
        if (entries.length > 0 && !same && !(inPlace && content.change(number, before.entries(), entries))) {
            content.publish(number, entries);
        }
        published.put(key, new Published(number, index, spec, entries, same ? before.changed() : System.nanoTime()));
        if (!inPlace) {
            moved.run();
            if (before != null) {
                retired.add(before.number());
            }
        }
    }

    /** Of a table of another size or kind, entries only tell about where a flow was that has the middle of their share. */
    private static int[] entries(Published before, boolean inPlace, int[] backends) {
        int[] entries = new int[backends.length];
        for (int i = 0; i < entries.length; i++) {
            if (before == null) {
                entries[i] = TableEntry.settled(backends[i]);
            } else if (before.size() == 0) {
                entries[i] = TableEntry.changing(backends[i], backends[i]);
            } else if (inPlace) {
                entries[i] = TableEntry.next(before.entries()[i], backends[i]);
            } else {
                int there = before.entries()[(int) ((2L * i + 1) * before.size() / (2L * entries.length))];
                int previous = TableEntry.isChanging(there) ? TableEntry.previous(there) : TableEntry.current(there);
                entries[i] = TableEntry.changing(backends[i], previous);
            }
        }
        return entries;
    }

    /**
     * Ends the change of entries that no connection disagrees with. The others are looked for on, but what is in no connection
     * table is no more taken for older than the change: flows without a first packet would go on disagreeing for ever.
     *
     * @param seen     the tables as they were when the connections were looked at: one that has changed since is left alone
     * @param patience nanoseconds after a change in which connections can exist that no entry tells of
     */
    synchronized void settle(Map<TableKey, Published> seen, Dissent dissent, ToLongFunction<TableKey> patience) {
        long now = System.nanoTime();
        seen.forEach((key, table) -> {
            if (published.get(key) == table && now - table.changed() > patience.applyAsLong(key)) {
                settle(key, table, dissent.of(table.number()));
            }
        });
    }

    private void settle(TableKey key, Published table, BitSet dissent) {
        int[] entries = table.entries().clone();
        for (int i = 0; i < entries.length; i++) {
            if (TableEntry.isChanging(entries[i])) {
                int settled = TableEntry.settled(TableEntry.current(entries[i]));
                entries[i] = dissent.get(i) ? TableEntry.doubted(settled) : settled;
            }
        }
        if (!Arrays.equals(entries, table.entries())) {
            content.change(table.number(), table.entries(), entries);
            published.put(key, new Published(table.number(), table.index(), table.spec(), entries, table.changed()));
        }
    }

    /** Has the connections of every entry looked for, until none is found that disagrees: whatever it is that moved them. */
    synchronized void doubt(TableKey key) {
        Published table = published.get(key);
        if (table == null || table.size() == 0) {
            return;
        }
        int[] entries = Arrays.stream(table.entries()).map(TableEntry::doubted).toArray();
        content.change(table.number(), table.entries(), entries);
        published.put(key, new Published(table.number(), table.index(), table.spec(), entries, System.nanoTime()));
    }

    /** Tables with entries that have changed and may have connections that disagree. */
    synchronized Map<TableKey, Published> changing() {
        Map<TableKey, Published> changing = new TreeMap<>(published);
        changing.values().removeIf(table -> !table.isChanging());
        return changing;
    }

    private int newNumber(TableKey key) {
        BitSet taken = new BitSet();
        retired.forEach(taken::set);
        published.values().forEach(table -> taken.set(table.number()));
        int number = taken.nextClearBit(0);
        if (number < content.maxNumbers()) {
            meta.put(META + number, key.family().version() + " " + key.vip());
            return number;
        }
        throw new LoomException(Problem.of(
                "LOOM-1211", "no number is free for the lookup table of vip " + key.vip(),
                "there can be " + content.maxNumbers() + " tables, one for each vip and address family", "remove vips"));
    }

    private static TableKey parse(String name) {
        return new TableKey(name.substring(2), name.charAt(0) == '4' ? Family.IPV4 : Family.IPV6);
    }

    synchronized void remove(TableKey key) {
        Published before = published.remove(key);
        if (before != null) {
            retired.add(before.number());
        }
    }

    synchronized Optional<Published> get(TableKey key) {
        return Optional.ofNullable(published.get(key));
    }

    synchronized SortedMap<TableKey, TableSpec> specs() {
        SortedMap<TableKey, TableSpec> specs = new TreeMap<>();
        published.forEach((key, table) -> specs.put(key, table.spec()));
        return specs;
    }

    /** Numbers of backends in any table, present or previous ones. */
    synchronized Set<Integer> backends() {
        Set<Integer> all = new HashSet<>();
        published.values().forEach(table -> all.addAll(TableContent.backends(table.entries())));
        return all;
    }

    /** Numbers whose arrays nobody should read any more. */
    synchronized Set<Integer> retired() {
        return Set.copyOf(retired);
    }

    /**
     * Deletes arrays.
     *
     * @param numbers what {@link #retired()} said so long ago that no program that had read an old listener entry still runs
     */
    synchronized void delete(Set<Integer> numbers) {
        numbers.forEach(this::delete);
        retired.removeAll(numbers);
    }

    private void delete(int number) {
        content.delete(number);
        meta.remove(META + number);
    }
}
