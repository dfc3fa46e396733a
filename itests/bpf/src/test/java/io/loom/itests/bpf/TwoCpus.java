package io.loom.itests.bpf;

import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** Runs a program on two CPUs at once, by two threads that are pinned to them and keep step as well as the machine lets them. */
final class TwoCpus {
    private static final int SHORTEST_FRAME = 60;
    private static final long PATIENCE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final AtomicIntegerArray at = new AtomicIntegerArray(2);

    /**
     * Runs both lists of frames, the frames of one place at about the same time.
     *
     * @return the results, of the first list and of the second
     */
    List<List<BpfProgram.TestRun>> run(BpfProgram program, List<byte[]> first, List<byte[]> second) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<List<BpfProgram.TestRun>>> results = List.of(
                    threads.submit(walk(0, program, first)), threads.submit(walk(1, program, second)));
            return List.of(results.get(0).get(60, TimeUnit.SECONDS), results.get(1).get(60, TimeUnit.SECONDS));
        } finally {
            threads.shutdownNow();
        }
    }

    /** Runs the program so many times on each CPU, without keeping step: for programs whose runs are long. */
    static void repeat(BpfProgram program, int times) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Void>> results = List.of(
                    threads.submit(repeat(0, program, times)), threads.submit(repeat(1, program, times)));
            for (Future<Void> result : results) {
                result.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static Callable<Void> repeat(int cpu, BpfProgram program, int times) {
        return () -> {
            pin(cpu);
            for (int i = 0; i < times; i++) {
                program.testRun(new byte[SHORTEST_FRAME], 1);
            }
            return null;
        };
    }

    private Callable<List<BpfProgram.TestRun>> walk(int cpu, BpfProgram program, List<byte[]> frames) {
        return () -> {
            pin(cpu);
            List<BpfProgram.TestRun> results = new ArrayList<>();
            for (int i = 0; i < frames.size(); i++) {
                meet(cpu, i + 1);
                results.add(program.testRun(frames.get(i), 1));
            }
            return results;
        };
    }

    /** Waits for the other one, not for long: it may have no CPU just now. */
    private void meet(int cpu, int step) {
        at.set(cpu, step);
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (at.get(1 - cpu) < step && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    /** Does something on one CPU from beginning to end. */
    static void onOne(Callable<Void> work) throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            thread.submit(() -> {
                pin(0);
                return work.call();
            }).get(60, TimeUnit.SECONDS);
        } finally {
            thread.shutdownNow();
        }
    }

    /** Binds the calling thread to a CPU. */
    static void pin(int cpu) {
        Threads.bind(0, Set.of(cpu));
    }
}
