package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.LimitEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.Mapping;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.IntUnaryOperator;

/**
 * Limits of open connections in shared memory, by number. The program adds to one word of an entry; this writes the two others.
 * How many are open it knows from the last count and from what the program has opened since. Thread-safe.
 */
public final class LimitTable implements AutoCloseable {
    private static final VarHandle LONG = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Mapping mapping;
    private final ByteBuffer memory;
    private final int size;
    private final IntSupplier tick;
    private boolean closed;

    /**
     * @param map  loom_vlimits or loom_blimits
     * @param tick the program's clock
     */
    public LimitTable(BpfMap map, IntSupplier tick) {
        this.tick = tick;
        this.mapping = map.map();
        this.memory = mapping.buffer();
        this.size = map.maxEntries();
    }

    int size() {
        return size;
    }

    public synchronized long limit(int number) {
        return word(number, LimitEntry.LIMIT);
    }

    /** Connections that are open. */
    public synchronized long open(int number) {
        return word(number, LimitEntry.BASE) + word(number, LimitEntry.OPENED);
    }

    /**
     * @param limit   0: none
     * @param already how many connections are open, as far as is known, if there was no limit before
     */
    public synchronized void limit(int number, long limit, int already) {
        if (word(number, LimitEntry.LIMIT) == 0 && limit > 0) {
            count(number, already - word(number, LimitEntry.OPENED), tick.getAsInt());
        }
        if (word(number, LimitEntry.LIMIT) != limit) {
            write(number, LimitEntry.LIMIT, limit);
        }
    }

    /** What the program has opened so far of every number with a limit; to be asked before connections are counted. */
    public synchronized Map<Integer, Long> opened() {
        Map<Integer, Long> opened = new HashMap<>();
        for (int number = 0; !closed && number < size; number++) {
            if (word(number, LimitEntry.LIMIT) > 0) {
                opened.put(number, word(number, LimitEntry.OPENED));
            }
        }
        return opened;
    }

    /**
     * Takes over a count. What was opened while it went on may be in it twice until the next one: a limit is rather too strict.
     *
     * @param openedBefore what {@link #opened()} said when it began
     * @param count        connections by number
     */
    public synchronized void counted(Map<Integer, Long> openedBefore, IntUnaryOperator count) {
        if (!closed) {
            int now = tick.getAsInt();
            openedBefore.forEach((number, opened) -> count(number, count.applyAsInt(number) - opened, now));
        }
    }

    /** Counts these as well. */
    synchronized void add(int number, int connections) {
        write(number, LimitEntry.BASE, word(number, LimitEntry.BASE) + connections);
    }

    private void count(int number, long base, int now) {
        write(number, LimitEntry.BASE, base);
        write(number, LimitEntry.COUNTED, Integer.toUnsignedLong(now));
    }

    private long word(int number, int field) {
        requireOpen();
        return (long) LONG.getVolatile(memory, number * LimitEntry.SIZE + field);
    }

    private void write(int number, int field, long value) {
        requireOpen();
        LONG.setVolatile(memory, number * LimitEntry.SIZE + field, value);
    }

    /** Memory that is unmapped must not be touched. */
    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the limits are closed");
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        mapping.close();
    }
}
