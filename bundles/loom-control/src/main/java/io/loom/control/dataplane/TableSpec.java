package io.loom.control.dataplane;

import java.util.SortedMap;
import java.util.Collections;
import java.util.TreeMap;

/**
 * What a lookup table is built from; equal specs give equal tables.
 *
 * @param weights backends that get new connections, with weights above zero
 */
public record TableSpec(String algorithm, int size, SortedMap<BackendKey, Integer> weights) {
    public TableSpec {
        weights = Collections.unmodifiableSortedMap(new TreeMap<>(weights));
    }

    /** Of parts: all of thousands of backends need not be looked at to tell most tables apart. */
    @Override
    public int hashCode() {
        int hash = 31 * algorithm.hashCode() + 7 * size + weights.size();
        return weights.isEmpty() ? hash : 31 * hash + 7 * weights.firstKey().hashCode() + weights.lastKey().hashCode();
    }
}
