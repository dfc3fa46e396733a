package io.loom.control.dataplane;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Forwarding state, wanted or applied. Who makes one of sorted sets and maps gives them away: with thousands of backends a copy is
 * a good part of what a change takes.
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
        backends = Collections.unmodifiableSortedSet(backends);
        down = Collections.unmodifiableSortedSet(down);
        draining = Collections.unmodifiableSortedSet(draining);
        limits = Collections.unmodifiableSortedMap(limits);
        tables = Collections.unmodifiableSortedMap(tables);
        listeners = Collections.unmodifiableSortedMap(listeners);
    }
}
