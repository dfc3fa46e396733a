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
}
