package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.plugin.BackendSet;
import io.loom.control.dataplane.BackendKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MembersTest {
    private final Map<BackendKey, Integer> numbers = new HashMap<>();
    private final SortedMap<BackendKey, Integer> weights = new TreeMap<>();
    private int removals;
    private int lookups;

    private Members next(Members before) {
        lookups = 0;
        Members next = before.next(weights, removals, key -> {
            lookups++;
            return numbers.get(key);
        });
        assertEquals(weights.entrySet().stream().map(entry -> new BackendSet.Member(entry.getKey().endpoint(), entry.getValue())).toList(),
                next.set().members());
        assertArrayEquals(weights.keySet().stream().mapToInt(numbers::get).toArray(), next.numbers());
        return next;
    }

    private BackendKey put(int host, int weight) {
        BackendKey key = new BackendKey("web", TestHost.endpoint("10.0." + host / 250 + "." + host % 250, 80), "nat");
        numbers.put(key, 1000 + numbers.size());
        weights.put(key, weight);
        return key;
    }

    @Test
    void whatHasNotChangedIsTakenOver() {
        for (int host = 0; host < 1000; host += 2) {
            put(host, 100);
        }
        Members before = next(Members.NONE);
        assertEquals(500, lookups);
        weights.put(weights.firstKey(), 7);
        before = next(before);
        assertEquals(0, lookups);
        put(501, 100);
        before = next(before);
        assertEquals(1, lookups);
        weights.remove(weights.firstKey());
        next(before);
        assertEquals(0, lookups, "it is out of the table, and still there");
    }

    @Test
    void aBackendThatCameAnewHasAnotherNumber() {
        BackendKey key = put(1, 100);
        put(2, 100);
        Members before = next(Members.NONE);
        removals++;
        numbers.put(key, 9);
        next(before);
    }

    @Test
    void anyChangeGivesWhatIsMadeFromScratch() {
        Random random = new Random(17);
        Members before = Members.NONE;
        for (int i = 0; i < 300; i++) {
            for (int change = random.nextInt(4); change >= 0; change--) {
                int host = random.nextInt(60);
                if (random.nextBoolean()) {
                    put(host, 1 + random.nextInt(5));
                    removals++;
                } else if (!weights.isEmpty()) {
                    weights.remove(weights.keySet().stream().skip(random.nextInt(weights.size())).findFirst().orElseThrow());
                }
            }
            before = next(before);
        }
    }
}
