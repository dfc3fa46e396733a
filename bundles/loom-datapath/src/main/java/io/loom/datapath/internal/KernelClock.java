package io.loom.datapath.internal;

import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.List;

/**
 * The clock by which connections age: jiffies, whose rate is fixed when the kernel is built and told to nobody (sysconf's
 * clock ticks are another, fixed unit). Measured by running a program that reads jiffies and nanoseconds twice.
 */
final class KernelClock implements AutoCloseable {
    private static final List<Integer> POSSIBLE = List.of(100, 250, 300, 1000);
    private static final long MEASURE_MILLIS = 80;

    private final BpfProgram program;
    private final int hz;

    /**
     * Takes 80 ms.
     *
     * @param program loom_clock
     */
    KernelClock(BpfProgram program) {
        this.program = program;
        this.hz = measureHz();
    }

    private record Reading(long jiffies, long nanoseconds) {}

    /** The tick that it is, as the program counts them. */
    int tick() {
        return (int) (read().jiffies() >>> Tuning.tickShift(hz));
    }

    /** Now, as bpf_ktime_get_ns tells it. */
    long nanoseconds() {
        return read().nanoseconds();
    }

    /** Jiffies a second, measured when this was made. */
    int hz() {
        return hz;
    }

    private int measureHz() {
        Reading before = read();
        try {
            Thread.sleep(MEASURE_MILLIS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring the kernel's clock", stop);
        }
        Reading after = read();
        return hz(after.jiffies() - before.jiffies(), after.nanoseconds() - before.nanoseconds());
    }

    /** The rate among those a kernel can be built with that is nearest to what was measured. */
    static int hz(long jiffies, long nanoseconds) {
        double measured = jiffies * 1e9 / nanoseconds;
        return POSSIBLE.stream().min(Comparator.comparingDouble(hz -> Math.abs(hz - measured))).orElseThrow();
    }

    @Override
    public void close() {
        program.close();
    }

    private Reading read() {
        ByteBuffer clocks = ByteBuffer.wrap(program.testRun(new byte[64], 1).frame()).order(ByteOrder.LITTLE_ENDIAN);
        return new Reading(clocks.getLong(0), clocks.getLong(Long.BYTES));
    }
}
