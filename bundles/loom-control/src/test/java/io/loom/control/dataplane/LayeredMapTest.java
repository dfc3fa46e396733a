package io.loom.control.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LayeredMapTest {
    private static final int STEPS = 3_000;
    private static final int KEYS = 400;

    private final Random random = new Random(20261130);

    @Test
    void whateverIsMadeOfItItSaysWhatAPlainMapSays() {
        List<LayeredMap<Integer, Integer>> maps = new ArrayList<>(List.of(LayeredMap.empty()));
        List<Map<Integer, Integer>> plain = new ArrayList<>(List.of(Map.of()));
        for (int step = 0; step < STEPS; step++) {
            int from = random.nextInt(maps.size());
            Map<Integer, Optional<Integer>> changes = changes();
            Map<Integer, Integer> expected = new HashMap<>(plain.get(from));
            changes.forEach((key, value) -> value.ifPresentOrElse(there -> expected.put(key, there), () -> expected.remove(key)));
            LayeredMap<Integer, Integer> made = maps.get(from).with(changes);
            check(expected, made);
            int other = random.nextInt(maps.size());
            assertEquals(differing(plain.get(other), expected), LayeredMap.differing(maps.get(other), made));
            assertEquals(plain.get(other).equals(expected), maps.get(other).equals(made));
            assertEquals(differing(plain.get(other), expected), LayeredMap.differing(plain.get(other), made));
            check(plain.get(from), maps.get(from));
            keep(maps, made);
            keep(plain, expected);
        }
    }

    /** A few, and now and then most. */
    private Map<Integer, Optional<Integer>> changes() {
        Map<Integer, Optional<Integer>> changes = new HashMap<>();
        for (int i = random.nextInt(20) == 0 ? KEYS : random.nextInt(4); i > 0; i--) {
            changes.put(random.nextInt(KEYS), random.nextInt(3) == 0 ? Optional.empty() : Optional.of(random.nextInt(3)));
        }
        return changes;
    }

    private static void check(Map<Integer, Integer> expected, LayeredMap<Integer, Integer> map) {
        assertEquals(expected, map);
        assertEquals(map, expected);
        assertEquals(expected.hashCode(), map.hashCode());
        assertEquals(expected.size(), map.size());
        assertEquals(expected.keySet(), new HashSet<>(map.keySet()));
        Map<Integer, Integer> seen = new HashMap<>();
        map.forEach((key, value) -> assertEquals(null, seen.put(key, value)));
        assertEquals(expected, seen);
        for (int key = 0; key < KEYS; key++) {
            assertEquals(expected.get(key), map.get(key));
            assertEquals(expected.containsKey(key), map.keySet().contains(key));
        }
    }

    private static Set<Integer> differing(Map<Integer, Integer> one, Map<Integer, Integer> other) {
        Set<Integer> differing = new HashSet<>(one.keySet());
        differing.addAll(other.keySet());
        differing.removeIf(key -> Objects.equals(one.get(key), other.get(key)));
        return differing;
    }

    /** The last ones, so that some have an origin in common and some have not. */
    private static <T> void keep(List<T> list, T next) {
        list.add(next);
        if (list.size() > 5) {
            list.remove(0);
        }
    }

    @Test
    void setsAreMapsWithoutValues() {
        LayeredSet<String> two = LayeredSet.of(Set.of("a", "b"));
        LayeredSet<String> other = two.with(Map.of("b", false, "c", true));
        assertEquals(Set.of("a", "c"), other);
        assertEquals(other, Set.of("c", "a"));
        assertEquals(Set.of("a", "b"), two);
        assertEquals(Set.of("b", "c"), LayeredSet.differing(two, other));
        assertEquals(Set.of("b", "c"), LayeredSet.differing(Set.of("a", "b"), other));
        assertEquals(Set.of(), LayeredSet.differing(other, other));
        assertEquals(2, other.size());
        assertEquals(Set.of("a", "c").hashCode(), other.hashCode());
        assertNotEquals(two, other);
        Set<String> seen = new HashSet<>();
        other.forEach(seen::add);
        assertEquals(Set.of("a", "c"), seen);
        assertEquals(Set.of("a", "c"), new HashSet<>(other));
    }

    @Test
    void whatChangesNothingMakesNoOtherObject() {
        LayeredMap<String, Integer> one = LayeredMap.of(Map.of("a", 1));
        assertSame(one, one.with("a", 1));
        assertSame(one, one.without("b"));
        assertSame(one, LayeredMap.of(one));
        assertSame(one, one.with(Map.of()));
        LayeredSet<String> set = LayeredSet.of(Set.of("a"));
        assertSame(set, set.with(Map.of("a", true, "b", false)));
        assertSame(set, LayeredSet.of(set));
    }

    @Test
    void itCannotBeChanged() {
        LayeredMap<String, Integer> one = LayeredMap.of(Map.of("a", 1)).with("b", 2);
        assertThrows(UnsupportedOperationException.class, () -> one.put("c", 3));
        assertThrows(UnsupportedOperationException.class, () -> one.entrySet().iterator().next().setValue(3));
        assertThrows(UnsupportedOperationException.class, () -> one.keySet().clear());
        assertThrows(UnsupportedOperationException.class, () -> LayeredSet.of(Set.of("a")).add("b"));
    }
}
