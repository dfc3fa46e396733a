package io.loom.datapath.internal;

import io.loom.api.Problem;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * When the data plane's own work happens, each kind on a thread of its own: watching the surroundings (each second, and when
 * the kernel says that they have changed), changing the program (100 ms after the last plugin came or went), sweeping the tables.
 */
final class Timers implements AutoCloseable {
    private static final long WATCH_MILLIS = 1000;
    /** Looking at thousands of next hops takes a while: a tenth of the time, no more. */
    private static final long WATCH_SHARE = 10;
    /** Changes of the network come in bursts; one look serves those of so many milliseconds. */
    private static final long NEWS_MILLIS = 50;
    /** Plugins come in bursts; one swap serves all of them. */
    private static final long DEBOUNCE_MILLIS = 100;
    /** How long a program is kept as it is after a restart while bundles of its methods may still be starting. */
    private static final long METHODS_MILLIS = 10_000;
    private static final long METHODS_POLL_MILLIS = 100;
    /** After a swap that failed: its cause may have been a device that went at that moment. */
    private static final long RETRY_MILLIS = 10_000;
    private static final long SWEEP_MILLIS = 2000;
    /** Where connections are limited, what has ended makes room for others. */
    private static final long SWEEP_FOR_LIMITS_MILLIS = 1000;
    /** A sweep may take a twentieth of the time, no more. */
    private static final long SWEEP_SHARE = 20;
    private static final long STOP_SECONDS = 2;

    private final ScheduledExecutorService watcher = thread("loom-watch");
    private final ScheduledExecutorService listener = thread("loom-news");
    private final ScheduledExecutorService programmer = thread("loom-program");
    private final ScheduledExecutorService sweeper = thread("loom-sweep");
    private final AtomicBoolean programRequested = new AtomicBoolean();
    private final AtomicBoolean watchRequested = new AtomicBoolean();
    private final Runnable changed;
    private final Failures failures;
    private volatile LivePlane plane;
    private volatile long servedSince;
    /** The program has been compared with what it shall be, whatever came of that. */
    private volatile boolean compared;
    /** Of a swap that failed; used on the programmer's thread only. */
    private Optional<Future<?>> retry = Optional.empty();

    /** @param changed called, on any of the threads, when the plane's answers differ */
    Timers(Runnable changed) {
        this.changed = changed;
        this.failures = new Failures(changed);
    }

    /** Work that is asked for after {@link #close} is dropped: plugins are unbound after the component has been closed. */
    private static ScheduledExecutorService thread(String name) {
        return new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        }, new ThreadPoolExecutor.DiscardPolicy());
    }

    /** Begins the work for a plane; without effect if it has begun. */
    synchronized void serve(LivePlane open) {
        if (plane != null) {
            return;
        }
        plane = open;
        servedSince = System.nanoTime();
        repeat(watcher, this::watch, 0, () -> WATCH_MILLIS, WATCH_SHARE);
        repeat(listener, this::listen, 0, () -> 0, 0);
        repeat(sweeper, this::sweep, SWEEP_FOR_LIMITS_MILLIS, this::sweepPause, SWEEP_SHARE);
        requestProgram();
    }

    private void watch() {
        watchRequested.set(false);
        Each.of(List.<Runnable>of(this::watchSettings, this::watchSurroundings), Runnable::run);
    }

    private void watchSettings() {
        if (plane.watchSettings()) {
            requestProgram();
        }
    }

    private void watchSurroundings() {
        if (plane.watch()) {
            changed.run();
        }
    }

    private void listen() {
        if (plane.listen()) {
            watchNow();
            try {
                Thread.sleep(NEWS_MILLIS);
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Looks at the surroundings as soon as possible. */
    void watchNow() {
        if (plane != null && watchRequested.compareAndSet(false, true)) {
            later(watcher, this::watch, 0);
        }
    }

    private long sweepPause() {
        return plane.hasLimits() ? SWEEP_FOR_LIMITS_MILLIS : SWEEP_MILLIS;
    }

    private void sweep() {
        if (plane.sweep()) {
            requestProgram();
        }
    }

    /**
     * Does work again and again.
     *
     * @param pause milliseconds between two times, at least
     * @param share the pause is at least so many times as long as the work took
     */
    private void repeat(ScheduledExecutorService thread, Runnable work, long first, LongSupplier pause, long share) {
        thread.schedule(() -> {
            long began = System.nanoTime();
            failures.guarded(work).run();
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            repeat(thread, work, Math.max(pause.getAsLong(), share * took), pause, share);
        }, first, TimeUnit.MILLISECONDS);
    }

    private Future<?> later(ScheduledExecutorService thread, Runnable work, long millis) {
        return thread.schedule(failures.guarded(work), millis, TimeUnit.MILLISECONDS);
    }

    /** Brings the program in line with the deployed methods, soon. */
    void requestProgram() {
        if (plane != null && programRequested.compareAndSet(false, true)) {
            later(programmer, this::program, DEBOUNCE_MILLIS);
        }
    }

    private void program() {
        if (plane.programs().isWaitingForMethods()
                && System.nanoTime() - servedSince < TimeUnit.MILLISECONDS.toNanos(METHODS_MILLIS)) {
            later(programmer, this::program, METHODS_POLL_MILLIS);
            return;
        }
        programRequested.set(false);
        retry.ifPresent(planned -> planned.cancel(false));
        retry = Optional.of(later(programmer, this::program, RETRY_MILLIS)); // also of one that fails in a way that nobody has foreseen
        try {
            if (plane.updateProgram()) {
                retry.get().cancel(false);
            }
        } finally {
            compared = true;
            changed.run();
        }
    }

    /** Whether the program that runs stays for now: it is the right one, no other can be made, or bundles are missing for it. */
    boolean hasSettled() {
        LivePlane served = plane;
        return compared || served == null || served.programs().isWaitingForMethods();
    }

    /** Work that fails in a way that nobody has foreseen. */
    List<Problem> problems() {
        return failures.problems();
    }

    /** Ends the threads; a swap that is under way is finished. */
    @Override
    public void close() {
        for (ScheduledExecutorService thread : new ScheduledExecutorService[] {listener, watcher, sweeper, programmer}) {
            thread.shutdownNow();
        }
        try {
            programmer.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
            listener.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
            watcher.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
            sweeper.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }
}
