package io.loom.control.dataplane;

import java.util.AbstractSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** An unmodifiable set that shares all but its differences with the set that it was made from: the keys of a {@link LayeredMap}. */
public final class LayeredSet<E> extends AbstractSet<E> {
    private static final LayeredSet<?> EMPTY = new LayeredSet<>(LayeredMap.empty());

    private final LayeredMap<E, Boolean> members;

    private LayeredSet(LayeredMap<E, Boolean> members) {
        this.members = members;
    }

    @SuppressWarnings("unchecked") // it has no element of any type
    public static <E> LayeredSet<E> empty() {
        return (LayeredSet<E>) EMPTY;
    }

    /** A copy, unless it is such a set itself. */
    public static <E> LayeredSet<E> of(Set<E> content) {
        if (content instanceof LayeredSet<E> same) {
            return same;
        }
        Map<E, Boolean> members = new HashMap<>();
        content.forEach(element -> members.put(element, true));
        return members.isEmpty() ? empty() : new LayeredSet<>(LayeredMap.of(members));
    }

    /** The set itself if it is such a one, as which it is compared; else a view of it that cannot be changed. */
    public static <E> Set<E> unmodifiable(Set<E> set) {
        return set instanceof LayeredSet<E> ? set : Collections.unmodifiableSet(set);
    }

    /** @param changes true: is a member from now on. @return this one if nothing changes */
    public LayeredSet<E> with(Map<E, Boolean> changes) {
        Map<E, Optional<Boolean>> membership = new HashMap<>();
        changes.forEach((element, member) -> membership.put(element, member ? Optional.of(true) : Optional.empty()));
        LayeredMap<E, Boolean> next = members.with(membership);
        return next == members ? this : new LayeredSet<>(next);
    }

    /** Those that one of them has alone. */
    public static <E> Set<E> differing(Set<E> one, Set<E> other) {
        if (one instanceof LayeredSet<E> left && other instanceof LayeredSet<E> right) {
            return LayeredMap.differing(left.members, right.members);
        }
        if (one == other) {
            return Set.of();
        }
        Set<E> found = new HashSet<>();
        Stream.concat(one.stream(), other.stream())
                .filter(element -> one.contains(element) != other.contains(element)).forEach(found::add);
        return found;
    }

    @Override
    public int size() {
        return members.size();
    }

    @Override
    public boolean contains(Object element) {
        return members.containsKey(element);
    }

    @Override
    public void forEach(Consumer<? super E> action) {
        members.forEach((element, member) -> action.accept(element));
    }

    @Override
    public Iterator<E> iterator() {
        return members.keySet().iterator();
    }

    @Override
    public boolean equals(Object object) {
        return object instanceof LayeredSet<?> other ? members.equals(other.members) : super.equals(object);
    }

    /** Of the content, however it is layered. */
    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
