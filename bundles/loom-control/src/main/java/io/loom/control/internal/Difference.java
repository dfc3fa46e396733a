package io.loom.control.internal;

import io.loom.control.dataplane.LayeredSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;

/**
 * In which elements two sets differ that are made apart, such as what is wanted and what the kernel has: found again as each of them
 * changes, by what has changed in it. One thread.
 */
final class Difference<E> {
    private Set<E> left = Set.of();
    private Set<E> right = Set.of();
    private Set<E> found = Set.of();

    /** Those that one of these has alone; they must not change any more. */
    Set<E> of(Set<E> nextLeft, Set<E> nextRight) {
        Set<E> next = new HashSet<>(found);
        next.addAll(LayeredSet.differing(left, nextLeft));
        next.addAll(LayeredSet.differing(right, nextRight));
        next.removeIf(element -> nextLeft.contains(element) == nextRight.contains(element));
        left = nextLeft;
        right = nextRight;
        found = Collections.unmodifiableSet(next);
        return found;
    }
}
