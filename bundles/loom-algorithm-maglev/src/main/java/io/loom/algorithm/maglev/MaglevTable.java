package io.loom.algorithm.maglev;

import io.loom.api.plugin.BackendSet;
import java.util.Arrays;

/**
 * Fills one table. Each backend has its own permutation of the slots (offset and skip from two hashes of its endpoint) and
 * in its turn takes the first slot of it that is still free. A turn always yields a slot, so shares are as exact as turns.
 *
 * <p>Weights: the k-th turn of a backend comes in round {@code k * heaviest / weight}, rounded up. The heaviest has a turn
 * in every round, all have one in round 0 (a backend of small weight is never left out while slots last), and the order of
 * any two backends depends on a third only where that one is the heaviest, which keeps the disruption small. A calendar of rounds makes the cost
 * proportional to slots, whatever the ratio of weights.
 */
final class MaglevTable {
    private static final long OFFSET_SEED = 0x6c6f6f6d2d6f6666L;
    private static final long SKIP_SEED = 0x6c6f6f6d2d736b69L;
    private static final int END = -1;
    /** Bits of a slot's number that are its place in a word of {@link #taken}. */
    private static final int WORD = 6;

    private final int[] slots;
    /** A bit for each slot that has its backend: about eleven slots are tried for each one found, and these bits stay in L1. */
    private final long[] taken;
    private final int[] position;
    private final int[] skip;
    private final int[] weight;
    private final long heaviest;
    private final int[] turns;
    /** Calendar: the first backend of each round, and the next one in its round. */
    private final int[] first;
    private final int[] next;

    private MaglevTable(BackendSet backends, int size) {
        int count = backends.size();
        slots = new int[size];
        taken = new long[1 + (size - 1 >>> WORD)];
        position = new int[count];
        skip = new int[count];
        weight = new int[count];
        turns = new int[count];
        next = new int[count];
        // Each round gives the heaviest a slot, so there are at most as many rounds as slots.
        first = new int[size];
        Arrays.fill(first, END);
        int maximum = 1;
        for (int i = 0; i < count; i++) {
            BackendSet.Member member = backends.members().get(i);
            position[i] = (int) Long.remainderUnsigned(EndpointHash.of(member.endpoint(), OFFSET_SEED), size);
            skip[i] = 1 + (int) Long.remainderUnsigned(EndpointHash.of(member.endpoint(), SKIP_SEED), size - 1);
            weight[i] = member.weight();
            maximum = Math.max(maximum, member.weight());
        }
        heaviest = maximum;
    }

    /** @return for each slot the position of its backend in {@code backends}; empty if there is none */
    static int[] fill(BackendSet backends, int size) {
        return backends.size() == 0 ? new int[0] : new MaglevTable(backends, size).fill();
    }

    private int[] fill() {
        // Backwards, because each is put before those of its round: lower positions come first.
        for (int backend = weight.length - 1; backend >= 0; backend--) {
            enter(backend, 0);
        }
        int free = slots.length;
        for (int round = 0; free > 0; round++) {
            for (int backend = first[round]; backend != END && free > 0; free--) {
                int following = next[backend];
                slots[takeSlot(backend)] = backend;
                turns[backend]++;
                enter(backend, roundOf(turns[backend], weight[backend]));
                backend = following;
            }
        }
        return slots;
    }

    private long roundOf(long turn, int ofWeight) {
        return (turn * heaviest + ofWeight - 1) / ofWeight;
    }

    /** A round beyond the last possible one is never reached: such a turn is not entered. */
    private void enter(int backend, long round) {
        if (round < first.length) {
            next[backend] = first[(int) round];
            first[(int) round] = backend;
        }
    }

    private int takeSlot(int backend) {
        int slot = position[backend];
        while ((taken[slot >>> WORD] & 1L << slot) != 0) {
            slot = step(slot, skip[backend]);
        }
        taken[slot >>> WORD] |= 1L << slot;
        position[backend] = step(slot, skip[backend]);
        return slot;
    }

    /**
     * The sum may exceed an int for sizes near its limit, hence the subtraction first. Without a branch: about every second
     * step passes the end, which no processor foresees.
     */
    private int step(int slot, int by) {
        int beyond = slot - (slots.length - by);
        return beyond + (beyond >> Integer.SIZE - 1 & slots.length);
    }
}
