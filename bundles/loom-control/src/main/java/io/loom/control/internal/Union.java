package io.loom.control.internal;

import io.loom.control.dataplane.LayeredSet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What sets, which are compared as objects, have together: found again by what has changed in them. One thread. */
final class Union<E> {
    private List<Set<E>> parts = List.of();
    /** In how many parts each element is. */
    private final Map<E, Integer> counts = new HashMap<>();
    private LayeredSet<E> all = LayeredSet.empty();

    /** @param next each object once; they must not change any more */
    LayeredSet<E> of(List<Set<E>> next) {
        List<Set<E>> come = without(next, parts);
        List<Set<E>> gone = without(parts, next);
        Map<E, Boolean> changes = new HashMap<>();
        for (int i = 0; i < Math.max(come.size(), gone.size()); i++) {
            // Most often one has taken the place of the other.
            replace(i < gone.size() ? gone.get(i) : Set.of(), i < come.size() ? come.get(i) : Set.of(), changes);
        }
        parts = next;
        all = all.with(changes);
        return all;
    }

    private static <E> List<Set<E>> without(List<Set<E>> parts, List<Set<E>> others) {
        Set<Set<E>> known = Collections.newSetFromMap(new IdentityHashMap<>());
        known.addAll(others);
        List<Set<E>> left = new ArrayList<>();
        parts.stream().filter(part -> !known.contains(part)).forEach(left::add);
        return left;
    }

    private void replace(Set<E> before, Set<E> now, Map<E, Boolean> changes) {
        for (E element : LayeredSet.differing(before, now)) {
            int count = counts.merge(element, now.contains(element) ? 1 : -1, Integer::sum);
            counts.remove(element, 0);
            changes.put(element, count > 0);
        }
    }
}
