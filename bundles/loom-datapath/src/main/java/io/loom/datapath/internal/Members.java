package io.loom.datapath.internal;

import io.loom.api.plugin.BackendSet;
import io.loom.control.dataplane.BackendKey;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.ToIntFunction;

/** The backends of a table with their numbers, in its order. Of thousands mostly one differs from the time before, from which the others are taken over. */
final class Members {
    static final Members NONE = new Members(0, new BackendKey[0], new int[0], new BackendSet(List.of()));

    private final int removals;
    private final BackendKey[] keys;
    private final int[] numbers;
    private final BackendSet set;

    private Members(int removals, BackendKey[] keys, int[] numbers, BackendSet set) {
        this.removals = removals;
        this.keys = keys;
        this.numbers = numbers;
        this.set = set;
    }

    /**
     * @param weights  of the backends, which all have a number
     * @param removals how many backends have been removed so far: as long as none is, each keeps its number
     */
    Members next(SortedMap<BackendKey, Integer> weights, int removals, ToIntFunction<BackendKey> number) {
        BackendKey[] nextKeys = new BackendKey[weights.size()];
        int[] nextNumbers = new int[weights.size()];
        BackendSet.Member[] members = new BackendSet.Member[weights.size()];
        int position = 0;
        int before = 0;
        for (Map.Entry<BackendKey, Integer> entry : weights.entrySet()) {
            BackendKey key = entry.getKey();
            before += !isAt(before, key) && isAt(before + 1, key) ? 1 : 0; // the one between has gone
            boolean known = isAt(before, key);
            nextKeys[position] = key;
            nextNumbers[position] = known && removals == this.removals ? numbers[before] : number.applyAsInt(key);
            members[position] = known && set.members().get(before).weight() == entry.getValue()
                    ? set.members().get(before) : new BackendSet.Member(key.endpoint(), entry.getValue());
            position++;
            before += known ? 1 : 0;
        }
        return new Members(removals, nextKeys, nextNumbers, new BackendSet(Arrays.asList(members)));
    }

    /** By the object, which stays the same as long as the backend does. */
    private boolean isAt(int position, BackendKey key) {
        return position < keys.length && keys[position] == key;
    }

    BackendSet set() {
        return set;
    }

    /** In the order of the set. */
    int[] numbers() {
        return numbers.clone();
    }
}
