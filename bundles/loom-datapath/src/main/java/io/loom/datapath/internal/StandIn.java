package io.loom.datapath.internal;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;

/**
 * What a table forwards by while its algorithm does not make another: entries of backends that are gone go to those that are
 * there, by weight, and all others stay where they are. Pure.
 */
final class StandIn {
    private final int[] numbers;
    /** Of the weights up to and with each backend. */
    private final long[] sums;

    /**
     * @param numbers of the backends that may be in the table
     * @param weights theirs, each above zero
     */
    StandIn(int[] numbers, int[] weights) {
        this.numbers = numbers.clone();
        this.sums = new long[weights.length];
        long sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i];
            sums[i] = sum;
        }
    }

    /**
     * @param there the table in force: a number for each entry, 0 for none
     * @param size  of a table if that one has no entries
     * @return numbers for each entry, none at all if there is no backend; empty if what is there will do
     */
    Optional<int[]> of(int[] there, int size) {
        BitSet present = new BitSet();
        Arrays.stream(numbers).forEach(present::set);
        if (numbers.length == 0) {
            return Arrays.stream(there).allMatch(number -> number == 0) ? Optional.empty() : Optional.of(new int[0]);
        }
        if (there.length > 0 && Arrays.stream(there).allMatch(present::get)) {
            return Optional.empty();
        }
        int[] entries = there.length > 0 ? there.clone() : new int[size];
        for (int i = 0; i < entries.length; i++) {
            if (!present.get(entries[i])) {
                entries[i] = chosen(i);
            }
        }
        return Optional.of(entries);
    }

    /** The same for an entry each time, and spread evenly over neighbouring ones: steps of the golden ratio. */
    private int chosen(int entry) {
        long total = sums[sums.length - 1];
        double fraction = entry * 0.6180339887498949 % 1.0;
        int at = Arrays.binarySearch(sums, (long) (fraction * total) + 1);
        return numbers[at >= 0 ? at : -at - 1];
    }
}
