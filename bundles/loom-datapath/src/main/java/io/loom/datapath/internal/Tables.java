package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The lookup tables: an outer map of arrays of entries. Tables of vips that are made from one spec share an array as long as
 * they have had the same content since they came. New content is written into the array that is there, entry by entry, if all that share it
 * go on together; else, and for a new size or index, since these stand in the listeners, it takes a new number, and listeners follow:
 * {@link #flush} publishes new arrays, many in the time that one takes. An entry that changes remembers the backend it had, until no connection
 * disagrees with it. A table's name is kept in loom_meta, so that a later process knows whose it is; {@link Listeners} keep the names of others
 * that share it. Thread-safe.
 */
final class Tables {
    private static final String META = "table.";
    private static final int REPINNED_AT_A_TIME = 200;
    private static final int DELETED_AT_A_TIME = 100;

    private final TableContent content;
    private final Meta meta;
    private final Map<TableKey, Integer> numbers = new TreeMap<>();
    private final Map<Integer, Published> arrays = new TreeMap<>();
    /** Numbers of arrays with entries that have changed and may have connections that disagree. */
    private final Set<Integer> unsettled = new TreeSet<>();
    /** Whose array it is, by number. */
    private final Map<Integer, Set<TableKey>> users = new HashMap<>();
    /** Numbers by the spec, as an object, that their arrays are made from: what others with it may join. */
    private final Map<TableSpec, Integer> bySpec = new IdentityHashMap<>();
    /** To be published, with the tables that shall have it. */
    private final Map<Integer, Pending> pending = new TreeMap<>();
    private final BitSet taken = new BitSet();
    private final Set<Integer> retired = new TreeSet<>();
    /** Until one changes. */
    private Optional<SortedMap<TableKey, TableSpec>> seen = Optional.empty();

    /** Numbers that tables had before, which listeners may still refer to. */
    private final Map<TableKey, Set<Integer>> former = new TreeMap<>();

    private record Pending(Published table, Set<TableKey> users) {}

    Tables(TableContent content, Meta meta) {
        this.content = content;
        this.meta = meta;
    }

    /**
     * Takes over a table that a listener refers to.
     *
     * @param vip of the listener, if that is not the one by which the array was named
     * @return its name
     */
    synchronized TableKey adopt(Family family, int number, LookupTable.Index index, int size, Optional<String> vip) {
        TableKey unknown = new TableKey("unknown-" + number, family);
        TableKey key = vip.map(name -> new TableKey(name, family)).or(() -> meta.get(META + number).map(Tables::parse)).orElse(unknown);
        if (numbers.getOrDefault(key, number) != number) {
            // A process died while listeners moved from one number to the other: this one has not moved yet.
            key = unknown;
        }
        if (!arrays.containsKey(number)) {
            hold(new Published(number, index, new TableSpec("", size, Collections.emptySortedMap()),
                    content.read(number, size).orElse(new int[0]), System.nanoTime()));
        }
        taken.set(number);
        use(number, key);
        return key;
    }

    private void hold(Published table) {
        arrays.put(table.number(), table);
        if (table.isChanging()) {
            unsettled.add(table.number());
        } else {
            unsettled.remove(table.number());
        }
    }

    private void use(int number, TableKey key) {
        seen = Optional.empty();
        Integer before = numbers.put(key, number);
        users.computeIfAbsent(number, none -> new TreeSet<>()).add(key);
        if (before != null && before != number) {
            leave(before, key);
        }
    }

    private void leave(int number, TableKey key) {
        Set<TableKey> left = users.get(number);
        left.remove(key);
        if (left.isEmpty()) {
            users.remove(number);
            unsettled.remove(number);
            forgetSpec(arrays.remove(number));
            retired.add(number);
        }
    }

    private void forgetSpec(Published table) {
        if (Integer.valueOf(table.number()).equals(bySpec.get(table.spec()))) {
            bySpec.remove(table.spec());
        }
    }

    /** Removes arrays and names that no listener refers to: what a process left that died between two steps. */
    synchronized void discardOthers() {
        meta.withPrefix(META).keySet().stream().map(Integer::valueOf).filter(n -> !arrays.containsKey(n)).forEach(this::delete);
    }

    /**
     * Makes tables anew whose pins are gone, with what they hold: to pin what is there would take CAP_SYS_ADMIN. Some at a time,
     * since a large one takes some milliseconds.
     *
     * @return how many
     */
    synchronized int repin() {
        Set<String> pinned = content.pinned();
        Map<Integer, int[]> lost = new TreeMap<>();
        arrays.values().stream().filter(table -> table.size() > 0 && !pinned.contains(String.valueOf(table.number()))).limit(REPINNED_AT_A_TIME)
                .forEach(table -> lost.put(table.number(), table.entries()));
        content.publish(lost);
        return lost.size();
    }

    /**
     * Gives those that are not there yet the array that is made from this very spec, if there is one: they have no connections that
     * it could be wrong about.
     *
     * @return the others
     */
    synchronized List<TableKey> join(Collection<TableKey> keys, TableSpec spec) {
        Integer number = bySpec.get(spec);
        List<TableKey> left = new ArrayList<>(keys);
        if (number != null) {
            left.removeIf(key -> !numbers.containsKey(key));
            keys.stream().filter(key -> !numbers.containsKey(key)).forEach(key -> join(number, key));
        }
        return left;
    }

    private void join(int number, TableKey key) {
        if (pending.containsKey(number)) {
            pending.get(number).users().add(key);
        } else {
            use(number, key);
        }
    }

    /**
     * Takes new content. One by flow hash that loses its last backend stays, with entries that name none for new connections:
     * others drain by what these had before. What cannot be written in place comes with {@link #flush}.
     *
     * @param keys     tables that are made from the spec; those that share an array and are named together go on sharing
     * @param backends numbers, one for each entry; empty if there is no backend
     */
    synchronized void put(Collection<TableKey> keys, TableSpec spec, LookupTable.Index index, int[] backends) {
        Map<Integer, Set<TableKey>> parts = new TreeMap<>();
        Set<TableKey> others = new TreeSet<>();
        for (TableKey key : keys) {
            Integer number = numbers.get(key);
            (number == null ? others : parts.computeIfAbsent(number, none -> new TreeSet<>())).add(key);
        }
        parts.forEach((number, part) -> put(arrays.get(number), part, spec, index, backends));
        if (!others.isEmpty()) {
            later(new Published(newNumber(others.iterator().next()), index, spec, TableSuccession.first(backends), System.nanoTime()), others);
        }
    }

    private void put(Published before, Set<TableKey> part, TableSpec spec, LookupTable.Index index, int[] backends) {
        if (backends.length == 0 && before.size() > 0 && before.index() == LookupTable.Index.FLOW_HASH) {
            put(before, part, spec, before.index(), new int[before.size()]);
            return;
        }
        boolean sameForm = before.size() == backends.length && before.index() == index;
        int[] entries = TableSuccession.next(before, sameForm, backends);
        if (!sameForm || users.get(before.number()).size() > part.size()) {
            later(new Published(newNumber(part.iterator().next()), index, spec, entries, System.nanoTime()), part);
            return;
        }
        boolean same = Arrays.equals(entries, before.entries());
        if (entries.length > 0 && !same && !content.change(before.number(), before.entries(), entries)) {
            content.publish(Map.of(before.number(), entries));
        }
        replace(before, new Published(before.number(), index, spec, entries, same ? before.changed() : System.nanoTime()));
    }

    private void replace(Published before, Published next) {
        seen = Optional.empty();
        forgetSpec(before);
        hold(next);
        bySpec.put(next.spec(), next.number());
    }

    private void later(Published table, Set<TableKey> keys) {
        pending.put(table.number(), new Pending(table, new TreeSet<>(keys)));
        bySpec.put(table.spec(), table.number());
    }

    /**
     * Publishes what {@link #put} could not write in place.
     *
     * @param moved called, without a lock, with each table whose number, size or index are others than before, before an old array goes; where it
     *              fails, the next flush does so again
     */
    void flush(Consumer<TableKey> moved) {
        Each.of(publishPending(), key -> {
            moved.accept(key);
            hasMoved(key);
        });
    }

    private synchronized void hasMoved(TableKey key) {
        former.remove(key).forEach(number -> leave(number, key));
    }

    /** Tables whose listeners must follow. */
    private synchronized List<TableKey> publishPending() {
        Map<Integer, Pending> now = new TreeMap<>(pending);
        pending.clear();
        Map<Integer, int[]> contents = new TreeMap<>();
        now.forEach((number, next) -> contents.put(number, next.table().entries()));
        contents.values().removeIf(entries -> entries.length == 0);
        try {
            content.publish(contents);
        } catch (RuntimeException failure) {
            now.forEach((number, next) -> {
                forgetSpec(next.table());
                retired.add(number);
            });
            throw failure;
        }
        seen = Optional.empty();
        now.forEach((number, next) -> {
            hold(next.table());
            users.put(number, next.users());
            next.users().forEach(key -> Optional.ofNullable(numbers.put(key, number))
                    .ifPresent(before -> former.computeIfAbsent(key, none -> new TreeSet<>()).add(before)));
        });
        return List.copyOf(former.keySet());
    }

    /**
     * Ends the change of entries that no connection disagrees with. The others are looked for on, but what is in no connection
     * table is no more taken for older than the change: flows without a first packet would go on disagreeing for ever.
     *
     * @param seen     the tables as they were when the connections were looked at: one that has changed since is left alone
     * @param patience nanoseconds after a change in which connections can exist that no entry tells of, by number
     */
    synchronized void settle(Map<Integer, Published> seen, Dissent dissent, Map<Integer, Long> patience) {
        long now = System.nanoTime();
        seen.forEach((number, table) -> {
            if (arrays.get(number) == table && now - table.changed() > patience.get(number)) {
                settle(table, dissent.of(number));
            }
        });
    }

    private void settle(Published table, BitSet dissent) {
        int[] entries = TableSuccession.settled(table.entries(), dissent);
        if (!Arrays.equals(entries, table.entries())) {
            content.change(table.number(), table.entries(), entries);
            hold(new Published(table.number(), table.index(), table.spec(), entries, table.changed()));
        }
    }

    /** Has the connections of every entry looked for, until none is found that disagrees: whatever it is that moved them. */
    synchronized void doubt(TableKey key) {
        Published table = get(key).orElse(null);
        if (table == null || table.size() == 0) {
            return;
        }
        int[] entries = Arrays.stream(table.entries()).map(TableEntry::doubted).toArray();
        content.change(table.number(), table.entries(), entries);
        hold(new Published(table.number(), table.index(), table.spec(), entries, System.nanoTime()));
    }

    /** Who shares the array of that number. */
    synchronized Set<TableKey> users(int number) {
        return Set.copyOf(users.getOrDefault(number, Set.of()));
    }

    /** Tables by number, with entries that have changed and may have connections that disagree. */
    synchronized Map<Integer, Published> changing() {
        Map<Integer, Published> changing = new TreeMap<>();
        unsettled.forEach(number -> changing.put(number, arrays.get(number)));
        return changing;
    }

    private int newNumber(TableKey key) {
        int number = taken.nextClearBit(0);
        if (number < content.maxNumbers()) {
            meta.put(META + number, key.family().version() + " " + key.vip());
            taken.set(number); // once it is noted: each attempt would take another
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
        seen = Optional.empty();
        Integer number = numbers.remove(key);
        if (number != null) {
            leave(number, key);
        }
    }

    synchronized Optional<Published> get(TableKey key) {
        return Optional.ofNullable(numbers.get(key)).map(arrays::get);
    }

    /** By which the array of that number was named. */
    synchronized Optional<String> namedAfter(int number) {
        return meta.get(META + number).map(name -> parse(name).vip());
    }

    synchronized SortedMap<TableKey, TableSpec> specs() {
        if (seen.isEmpty()) {
            SortedMap<TableKey, TableSpec> specs = new TreeMap<>();
            numbers.forEach((key, number) -> specs.put(key, arrays.get(number).spec()));
            seen = Optional.of(Collections.unmodifiableSortedMap(specs));
        }
        return seen.get();
    }

    /** Numbers of backends in any table, present or previous ones. */
    synchronized BitSet backends() {
        BitSet all = new BitSet();
        for (Published table : arrays.values()) {
            for (int entry : table.entries()) {
                all.set(TableEntry.current(entry));
                all.set(TableEntry.previous(entry));
            }
        }
        return all;
    }

    /** Numbers whose arrays nobody should read any more. */
    synchronized Set<Integer> retired() {
        return Set.copyOf(retired);
    }

    /**
     * Deletes arrays, some at a time: each takes some 10 ms.
     *
     * @param numbers what {@link #retired()} said so long ago that no program that had read an old listener entry still runs
     */
    void delete(Set<Integer> numbers) {
        List<Integer> some = numbers.stream().sorted().limit(DELETED_AT_A_TIME).toList();
        some.forEach(this::delete);
        synchronized (this) {
            retired.removeAll(some);
            some.forEach(taken::clear);
        }
    }

    private void delete(int number) {
        content.delete(number);
        meta.remove(META + number);
    }
}
