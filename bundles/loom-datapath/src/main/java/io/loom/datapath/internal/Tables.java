package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import io.loom.libbpf.BpfMap;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The lookup tables: an outer map of arrays of backend numbers, one array for each vip and family. New content takes one
 * update; a new size or index takes a new number, since size and index stand in the listeners, which then follow. Names of
 * tables are kept in loom_meta, so that a later process knows which is whose. Thread-safe.
 */
final class Tables {
    private static final String META = "table.";

    private final BpfMap outer;
    private final Meta meta;
    private final Map<TableKey, Published> published = new TreeMap<>();
    private final Set<Integer> retired = new TreeSet<>();

    Tables(BpfMap outer, Meta meta) {
        this.outer = outer;
        this.meta = meta;
    }

    /**
     * A table as the kernel has it.
     *
     * @param size     entries; 0: no backend, and no array under the number
     * @param backends numbers in it
     */
    record Published(int number, LookupTable.Index index, int size, TableSpec spec, Set<Integer> backends) {}

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
                number, index, size, new TableSpec("", size, Collections.emptySortedMap()),
                TableContent.backends(outer, number, size)));
        return key;
    }

    /** Removes arrays and names that no listener refers to: what a process left that died between two steps. */
    synchronized void discardOthers() {
        Set<Integer> known = new HashSet<>();
        published.values().forEach(table -> known.add(table.number()));
        meta.withPrefix(META).keySet().stream().map(Integer::valueOf).filter(n -> !known.contains(n)).forEach(this::delete);
    }

    /**
     * Publishes the table.
     *
     * @param entries backend number of each entry; empty if there is no backend
     * @param moved   called if number, size or index are others than before, before the old array goes
     */
    synchronized void put(TableKey key, TableSpec spec, LookupTable.Index index, int[] entries, Runnable moved) {
        Published before = published.get(key);
        boolean inPlace = before != null && before.size() == entries.length && before.index() == index;
        int number = inPlace ? before.number() : newNumber(key);
        if (entries.length > 0 && !(inPlace && TableContent.holds(outer, number, entries))) {
            TableContent.publish(outer, number, entries);
        }
        published.put(key, new Published(number, index, entries.length, spec, numbers(entries)));
        if (!inPlace) {
            moved.run();
            if (before != null) {
                retired.add(before.number());
            }
        }
    }

    private int newNumber(TableKey key) {
        Set<Integer> taken = new HashSet<>(retired);
        published.values().forEach(table -> taken.add(table.number()));
        for (int number = 0; number < outer.maxEntries(); number++) {
            if (!taken.contains(number)) {
                meta.put(META + number, key.family().version() + " " + key.vip());
                return number;
            }
        }
        throw new LoomException(Problem.of(
                "LOOM-1211", "no number is free for the lookup table of vip " + key.vip(),
                "there can be " + outer.maxEntries() + " tables, one for each vip and address family", "remove vips"));
    }

    private static TableKey parse(String name) {
        return new TableKey(name.substring(2), name.charAt(0) == '4' ? Family.IPV4 : Family.IPV6);
    }

    private static Set<Integer> numbers(int[] entries) {
        Set<Integer> numbers = new HashSet<>();
        Arrays.stream(entries).forEach(numbers::add);
        return numbers;
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

    /** Numbers of backends in any table. */
    synchronized Set<Integer> backends() {
        Set<Integer> all = new HashSet<>();
        published.values().forEach(table -> all.addAll(table.backends()));
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
        outer.delete(Keys.of(number));
        meta.remove(META + number);
    }
}
