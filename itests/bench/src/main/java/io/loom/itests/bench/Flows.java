package io.loom.itests.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The flows of a case, in the order in which they are met. Each is a word: struct bench_flow of bench.bpf.c as it lies in
 * memory, read with the highest byte first; so 32 bits of address, 16 of port, 8 of TCP flags, 8 of zero.
 */
final class Flows {
    static final int BYTES = Long.BYTES;
    static final int SYN = 0x02;
    static final int ACK = 0x10;

    private static final int PORTS = 4096;
    private static final int FIRST_PORT = 20_000;
    private static final int FIRST_CLIENT = 0x0a010000; // 10.1.0.0
    /** The same order in every run. */
    private static final int SEED = 1;

    private final long[] words;

    private Flows(long[] words) {
        this.words = words;
    }

    static Flows of(long... words) {
        return new Flows(words.clone());
    }

    static long word(int address, int port, int signals) {
        return (long) address << 32 | (long) port << 16 | (long) signals << 8;
    }

    /** Clients of a vip: 4096 connections from each address. Clients of other numbers are others. */
    static Flows clients(int first, int count, int signals) {
        long[] words = new long[count];
        for (int i = 0; i < count; i++) {
            int client = first + i;
            words[i] = word(address(client), port(client), signals);
        }
        return new Flows(words);
    }

    /** From so many backends, one after the other, to every port from the first on that is a multiple of {@code step} away. */
    static Flows replies(int firstBackend, int backends, int firstPort, int step) {
        int ports = ((1 << Short.SIZE) - firstPort) / step;
        return new Flows(IntStream.range(0, backends * ports)
                .mapToLong(i -> word(firstBackend + i / ports, firstPort + i % ports * step, ACK)).toArray());
    }

    /** Where that client of {@link #clients} is: the last word of its address. */
    static int address(int client) {
        return FIRST_CLIENT + client / PORTS;
    }

    static int port(int client) {
        return FIRST_PORT + client % PORTS;
    }

    /** The opposite of {@link #clients}: the number of a client. */
    static int client(int address, int port) {
        return (address - FIRST_CLIENT) * PORTS + port - FIRST_PORT;
    }

    /**
     * Newcomers among flows that recur: every tenth flow is the next newcomer.
     *
     * @param count of all; the recurring ones are repeated, there must be a tenth as many newcomers
     */
    static Flows mixed(Flows recurring, Flows newcomers, int count) {
        long[] words = new long[count];
        for (int i = 0; i < count; i++) {
            words[i] = i % 10 == 9 ? newcomers.words[i / 10] : recurring.words[(i - i / 10) % recurring.words.length];
        }
        return new Flows(words);
    }

    /** Every second one has these flags instead. */
    Flows alternating(int signals) {
        return with(signals, 1, 2);
    }

    /** All have these flags instead. */
    Flows with(int signals) {
        return with(signals, 0, 1);
    }

    private Flows with(int signals, int first, int step) {
        long[] other = words.clone();
        for (int i = first; i < other.length; i += step) {
            other[i] = other[i] & ~0xff00L | (long) signals << 8;
        }
        return new Flows(other);
    }

    /** Those that come first; all if there are not so many. */
    Flows first(int count) {
        return new Flows(Arrays.copyOf(words, Math.min(count, words.length)));
    }

    /** The same in an order that is random, but always the same. */
    Flows shuffled() {
        long[] other = words.clone();
        Random random = new Random(SEED);
        for (int i = other.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            long word = other[i];
            other[i] = other[j];
            other[j] = word;
        }
        return new Flows(other);
    }

    /** Those at the places that are wanted. */
    Flows where(IntPredicate wanted) {
        return new Flows(IntStream.range(0, words.length).filter(wanted).mapToLong(place -> words[place]).toArray());
    }

    int count() {
        return words.length;
    }

    /** As the wrapper's map holds them. */
    void write(ByteBuffer memory) {
        memory.order(ByteOrder.BIG_ENDIAN).asLongBuffer().put(words);
    }
}
