package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Which entry of loom_blimits counts the connections of an address and port: all its numbers share one, whatever upstream and
 * method they are of, so that each sees at once what the others open. 0: none. Not thread-safe.
 */
final class LimitSlots {
    private final Map<Endpoint, Integer> slots = new HashMap<>();
    private final Map<Endpoint, BitSet> users = new HashMap<>();
    private final BitSet taken = new BitSet();

    LimitSlots() {
        taken.set(0);
    }

    /** From now on the number counts in its address's entry. There are as many entries as numbers. */
    int use(int number, Endpoint endpoint) {
        int slot = slots.computeIfAbsent(endpoint, absent -> taken.nextClearBit(1));
        adopt(number, endpoint, slot);
        return slot;
    }

    /** Takes over what an earlier process wrote. */
    void adopt(int number, Endpoint endpoint, int slot) {
        taken.set(slot);
        slots.put(endpoint, slot);
        users.computeIfAbsent(endpoint, absent -> new BitSet()).set(number);
    }

    /** The number counts no more. @return the entry, if nobody uses it now */
    OptionalInt release(int number, Endpoint endpoint) {
        BitSet left = users.get(endpoint);
        if (left == null || !left.get(number)) {
            return OptionalInt.empty();
        }
        left.clear(number);
        if (!left.isEmpty()) {
            return OptionalInt.empty();
        }
        users.remove(endpoint);
        int slot = slots.remove(endpoint);
        taken.clear(slot);
        return OptionalInt.of(slot);
    }

    /** The entry that the number counts in; 0: none. */
    int of(int number, Endpoint endpoint) {
        BitSet there = users.get(endpoint);
        return there != null && there.get(number) ? slots.get(endpoint) : 0;
    }

    /** Addresses by entry. */
    Map<Integer, Endpoint> endpoints() {
        Map<Integer, Endpoint> endpoints = new HashMap<>();
        slots.forEach((endpoint, slot) -> endpoints.put(slot, endpoint));
        return endpoints;
    }
}
