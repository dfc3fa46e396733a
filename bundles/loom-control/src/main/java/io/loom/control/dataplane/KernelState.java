package io.loom.control.dataplane;

import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Forwarding state, wanted or applied. Who makes one of sorted maps gives them and the sets away: with thousands of backends a copy
 * is a good part of what a change takes, and so would be an order of those that stay. A {@link LayeredSet} of thousands is compared with an
 * earlier one by what differs.
 *
 * @param backends  that have an entry (those with a weight in a table, and those that drain)
 * @param down      of {@code backends}, those whose connections must choose anew
 * @param draining  of {@code backends}, those that keep their connections and get no new one, not even by affinity
 * @param limits    of the open connections of {@code backends} that have one
 */
public record KernelState(
        Set<BackendKey> backends,
        Set<BackendKey> down,
        Set<BackendKey> draining,
        Map<BackendKey, Integer> limits,
        SortedMap<TableKey, TableSpec> tables,
        SortedMap<ListenerKey, ListenerSpec> listeners) {

    public static final KernelState EMPTY = new KernelState(Set.of(), Set.of(), Set.of(), Map.of(), Map.of());

    public KernelState(
            Set<BackendKey> backends, Set<BackendKey> down, Set<BackendKey> draining,
            Map<BackendKey, Integer> limits, Map<TableKey, TableSpec> tables, Map<ListenerKey, ListenerSpec> listeners) {
        this(new HashSet<>(backends), new HashSet<>(down), new HashSet<>(draining), new HashMap<>(limits),
                new TreeMap<>(tables), new TreeMap<>(listeners));
    }

    /** Without limits. */
    public KernelState(
            Set<BackendKey> backends, Set<BackendKey> down, Set<BackendKey> draining,
            Map<TableKey, TableSpec> tables, Map<ListenerKey, ListenerSpec> listeners) {
        this(backends, down, draining, Map.of(), tables, listeners);
    }

    public KernelState {
        backends = LayeredSet.unmodifiable(backends);
        down = LayeredSet.unmodifiable(down);
        draining = LayeredSet.unmodifiable(draining);
        limits = Collections.unmodifiableMap(limits);
        tables = Collections.unmodifiableSortedMap(tables);
        listeners = Collections.unmodifiableSortedMap(listeners);
    }
}
