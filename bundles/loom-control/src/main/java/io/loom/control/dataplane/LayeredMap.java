package io.loom.control.dataplane;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * An unmodifiable map that shares all but its differences with the map that it was made from. What a change of one among
 * thousands takes, and leaves as garbage, goes by the change; and two maps of one origin are compared by what differs in them,
 * which the persistent maps of libraries cannot do. Thread-safe. No key and no value is null.
 */
public final class LayeredMap<K, V> extends AbstractMap<K, V> {
    /** A layer is copied with each change, the base when the layer has outgrown this and a part of the base. */
    private static final int SMALL = 64;
    private static final int PART = 32;
    private static final LayeredMap<?, ?> EMPTY = new LayeredMap<>(Map.of(), Map.of());

    private final Map<K, V> base;
    /** Over the base; empty: not in this map. */
    private final Map<K, Optional<V>> layer;
    private final int size;

    private LayeredMap(Map<K, V> base, Map<K, Optional<V>> layer) {
        this.base = base;
        this.layer = layer;
        int more = 0;
        for (Map.Entry<K, Optional<V>> entry : layer.entrySet()) {
            more += (entry.getValue().isPresent() ? 1 : 0) - (base.containsKey(entry.getKey()) ? 1 : 0);
        }
        this.size = base.size() + more;
    }

    @SuppressWarnings("unchecked") // it has no element of any type
    public static <K, V> LayeredMap<K, V> empty() {
        return (LayeredMap<K, V>) EMPTY;
    }

    /** A copy, unless it is such a map itself. */
    public static <K, V> LayeredMap<K, V> of(Map<K, V> content) {
        if (content instanceof LayeredMap<K, V> same) {
            return same;
        }
        return content.isEmpty() ? empty() : new LayeredMap<>(new HashMap<>(content), Map.of());
    }

    public LayeredMap<K, V> with(K key, V value) {
        return with(Map.of(key, Optional.of(value)));
    }

    public LayeredMap<K, V> without(K key) {
        return with(Map.of(key, Optional.empty()));
    }

    /** @param changes new values, and of what shall go none. @return this one if nothing changes */
    public LayeredMap<K, V> with(Map<K, Optional<V>> changes) {
        Map<K, Optional<V>> next = new HashMap<>(layer);
        boolean changed = false;
        for (Map.Entry<K, Optional<V>> entry : changes.entrySet()) {
            V value = entry.getValue().orElse(null);
            if (!Objects.equals(get(entry.getKey()), value)) {
                changed = true;
                next.put(entry.getKey(), entry.getValue());
            }
        }
        if (!changed) {
            return this;
        }
        LayeredMap<K, V> made = new LayeredMap<>(base, next);
        boolean outgrown = next.size() > SMALL && next.size() > base.size() / PART;
        return outgrown ? new LayeredMap<>(new HashMap<>(made), Map.of()) : made;
    }

    /** Keys whose values differ, or that one of them has alone. */
    public static <K, V> Set<K> differing(Map<K, V> one, Map<K, V> other) {
        if (one == other) {
            return Set.of();
        }
        Set<K> found = new HashSet<>();
        candidates(one, other).filter(key -> !Objects.equals(one.get(key), other.get(key))).forEach(found::add);
        return found;
    }

    private static <K, V> Stream<K> candidates(Map<K, V> one, Map<K, V> other) {
        if (one instanceof LayeredMap<K, V> left && other instanceof LayeredMap<K, V> right && left.base == right.base) {
            return Stream.concat(left.layer.keySet().stream(), right.layer.keySet().stream());
        }
        return Stream.concat(one.keySet().stream(), other.keySet().stream());
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public V get(Object key) {
        Optional<V> over = layer.isEmpty() ? null : layer.get(key);
        return over == null ? base.get(key) : over.orElse(null);
    }

    @Override
    public boolean containsKey(Object key) {
        return get(key) != null;
    }

    @Override
    public void forEach(BiConsumer<? super K, ? super V> action) {
        base.forEach((key, value) -> {
            if (layer.isEmpty() || !layer.containsKey(key)) {
                action.accept(key, value);
            }
        });
        layer.forEach((key, value) -> value.ifPresent(there -> action.accept(key, there)));
    }

    @Override
    public boolean equals(Object object) {
        if (object instanceof LayeredMap<?, ?> other && base == other.base) {
            return size == other.size && sameLayer(other);
        }
        return super.equals(object);
    }

    private boolean sameLayer(LayeredMap<?, ?> other) {
        return Stream.concat(layer.keySet().stream(), other.layer.keySet().stream())
                .allMatch(key -> Objects.equals(get(key), other.get(key)));
    }

    /** Of the content, however it is layered. */
    @Override
    public int hashCode() {
        return super.hashCode();
    }

    @Override
    public Set<Map.Entry<K, V>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Map.Entry<K, V>> iterator() {
                return Stream.concat(
                        base.entrySet().stream().filter(entry -> layer.isEmpty() || !layer.containsKey(entry.getKey())).map(Map.Entry::copyOf),
                        layer.entrySet().stream().filter(entry -> entry.getValue().isPresent())
                                .map(entry -> Map.entry(entry.getKey(), entry.getValue().get()))).iterator();
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    @Override
    public Set<K> keySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<K> iterator() {
                return keys().iterator();
            }

            @Override
            public boolean contains(Object key) {
                return containsKey(key);
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    private Stream<K> keys() {
        if (layer.isEmpty()) {
            return base.keySet().stream();
        }
        return Stream.concat(
                base.keySet().stream().filter(key -> !layer.containsKey(key)),
                layer.entrySet().stream().filter(entry -> entry.getValue().isPresent()).map(Map.Entry::getKey));
    }
}
