package io.loom.datapath.internal;

import java.util.BitSet;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Numbers of backends or listeners: in use, resting, or free. A number rests from its release until two sweeps that began
 * later found no connection that refers to it; then it may be given anew. Two, because a dump of a hash that changes can miss
 * an entry once. Pure; not thread-safe.
 */
final class Numbers {
    private final int first;
    private final int limit;
    private final BitSet taken = new BitSet();
    private final Set<Integer> resting = new HashSet<>();
    private final Set<Integer> unseenOnce = new HashSet<>();

    /** Numbers from {@code first} to {@code limit - 1}. */
    Numbers(int first, int limit) {
        this.first = first;
        this.limit = limit;
    }

    /** The lowest free number, now in use; empty if there is none. */
    OptionalInt take() {
        int number = taken.nextClearBit(first);
        if (number >= limit) {
            return OptionalInt.empty();
        }
        taken.set(number);
        return OptionalInt.of(number);
    }

    /** Frees a number at once that was taken, and that no connection can have. */
    void giveBack(int number) {
        taken.clear(number);
    }

    /** Marks a number that is found in use. */
    void adopt(int number) {
        taken.set(number);
    }

    void rest(int number) {
        taken.set(number);
        resting.add(number);
        unseenOnce.remove(number);
    }

    /** Takes a resting number into use again. */
    void wake(int number) {
        resting.remove(number);
        unseenOnce.remove(number);
    }

    /** Those that rest now: what a sweep that begins now may free. */
    Set<Integer> resting() {
        return Set.copyOf(resting);
    }

    /**
     * Ends a sweep; returns the numbers that became free by it.
     *
     * @param restingBefore what {@link #resting()} said when it began
     * @param referred      numbers that it found in connections or tables
     */
    Set<Integer> swept(Set<Integer> restingBefore, Set<Integer> referred) {
        Set<Integer> freed = new HashSet<>();
        for (int number : restingBefore) {
            if (!resting.contains(number)) {
                continue;
            }
            if (referred.contains(number)) {
                unseenOnce.remove(number);
            } else if (!unseenOnce.add(number)) {
                freed.add(number);
            }
        }
        for (int number : freed) {
            wake(number);
            taken.clear(number);
        }
        return freed;
    }
}
