package io.loom.algorithm.weighted;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How many entries of a table each backend gets. In lowest terms if they fit; otherwise by largest remainders (Hamilton), of
 * the entries that are left once every backend has one, so that a small weight is not a zero.
 */
final class Shares {
    private Shares() {}

    /**
     * @param weights all above zero
     * @param limit   entries at most, above zero; with more backends than that, the heaviest get one each
     * @return entries by position of the weight
     */
    static int[] of(int[] weights, int limit) {
        long divisor = Arrays.stream(weights).asLongStream().reduce(0, Shares::greatestCommonDivisor);
        long needed = divisor == 0 ? 0 : Arrays.stream(weights).asLongStream().sum() / divisor;
        if (needed <= limit) {
            return Arrays.stream(weights).map(weight -> (int) (weight / divisor)).toArray();
        }
        return weights.length >= limit ? heaviest(weights, limit) : rounded(weights, limit);
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    private static int[] heaviest(int[] weights, int limit) {
        int[] shares = new int[weights.length];
        descending(IntStream.of(weights).asLongStream().toArray()).limit(limit).forEach(i -> shares[i] = 1);
        return shares;
    }

    private static int[] rounded(int[] weights, int limit) {
        long sum = Arrays.stream(weights).asLongStream().sum();
        long spare = (long) limit - weights.length;
        int[] shares = Arrays.stream(weights).map(weight -> (int) (1 + weight * spare / sum)).toArray();
        long[] remainders = LongStream.range(0, weights.length).map(i -> weights[(int) i] * spare % sum).toArray();
        long left = limit - Arrays.stream(shares).asLongStream().sum();
        descending(remainders).limit(left).forEach(i -> shares[i]++);
        return shares;
    }

    /** Positions by value, the largest first; equal ones in their order. */
    private static IntStream descending(long[] values) {
        return IntStream.range(0, values.length).boxed()
                .sorted(Comparator.<Integer>comparingLong(i -> values[i]).reversed())
                .mapToInt(Integer::intValue);
    }
}
