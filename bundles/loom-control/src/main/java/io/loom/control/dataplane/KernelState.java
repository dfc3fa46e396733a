package io.loom.control.dataplane;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Forwarding state, wanted or applied.
 *
 * @param backends  that have an entry (those with a weight in a table, and those that drain)
 * @param down      of {@code backends}, those whose connections must choose anew
 * @param draining  of {@code backends}, those that keep their connections and get no new one, not even by affinity
 * @param limits    of the open connections of {@code backends} that have one
 */
public record KernelState(
        SortedSet<BackendKey> backends,
        SortedSet<BackendKey> down,
        SortedSet<BackendKey> draining,
        SortedMap<BackendKey, Integer> limits,
        SortedMap<TableKey, TableSpec> tables,
        SortedMap<ListenerKey, ListenerSpec> listeners) {

    public static final KernelState EMPTY = new KernelState(Set.of(), Set.of(), Set.of(), Map.of(), Map.of());

    public KernelState(
            Set<BackendKey> backends, Set<BackendKey> down, Set<BackendKey> draining,
            Map<BackendKey, Integer> limits, Map<TableKey, TableSpec> tables, Map<ListenerKey, ListenerSpec> listeners) {
        this(new TreeSet<>(backends), new TreeSet<>(down), new TreeSet<>(draining), new TreeMap<>(limits),
                new TreeMap<>(tables), new TreeMap<>(listeners));
    }

    /** Without limits. */
    public KernelState(
            Set<BackendKey> backends, Set<BackendKey> down, Set<BackendKey> draining,
            Map<TableKey, TableSpec> tables, Map<ListenerKey, ListenerSpec> listeners) {
        this(backends, down, draining, Map.of(), tables, listeners);
    }

    public KernelState {
        backends = Collections.unmodifiableSortedSet(new TreeSet<>(backends));
        down = Collections.unmodifiableSortedSet(new TreeSet<>(down));
        draining = Collections.unmodifiableSortedSet(new TreeSet<>(draining));
        limits = Collections.unmodifiableSortedMap(new TreeMap<>(limits));
        tables = Collections.unmodifiableSortedMap(new TreeMap<>(tables));
        listeners = Collections.unmodifiableSortedMap(new TreeMap<>(listeners));
    }
}
