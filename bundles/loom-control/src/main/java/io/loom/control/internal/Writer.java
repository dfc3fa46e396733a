package io.loom.control.internal;

import io.loom.api.config.LoomConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes. What happens while it works is put together: a hundred health reports and a new file become
 * one round. Runtime changes keep their order, and each gets its own answer.
 */
final class Writer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Writer.class);
    /** How long {@link #close} waits for a round under way, in milliseconds. */
    private static final long FAREWELL = 3_000;

    private final Reconciler reconciler;
    private final LongSupplier clock;
    private final Thread thread = new Thread(this::run, "loom-writer");

    private final Object lock = new Object();
    private boolean signalled;
    private boolean closed;
    private Optional<LoomConfig> offered = Optional.empty();
    private List<RuntimeChange> changes = new ArrayList<>();

    private record Work(boolean signalled, Optional<LoomConfig> offered, List<RuntimeChange> changes) {
        /** A change makes a round of its own, unless it is refused: then what else has happened must not wait. */
        boolean needsRound() {
            return signalled || offered.isPresent() || changes.isEmpty();
        }
    }

    Writer(Reconciler reconciler, LongSupplier clock) {
        this.reconciler = reconciler;
        this.clock = clock;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Something that a round looks at has changed. Any thread; never waits. */
    void signal() {
        synchronized (lock) {
            signalled = true;
            lock.notifyAll();
        }
    }

    /** Any thread; never waits. Of several files the last one counts. */
    void offer(LoomConfig config) {
        synchronized (lock) {
            offered = Optional.of(config);
            lock.notifyAll();
        }
    }

    /** Any thread; never waits. The change completes, one way or the other, unless it is abandoned. */
    void submit(RuntimeChange change) {
        synchronized (lock) {
            if (!closed) {
                changes.add(change);
                lock.notifyAll();
                return;
            }
        }
        change.done().completeExceptionally(ControlProblem.notRunning("the control plane is stopping"));
    }

    private void run() {
        try {
            for (Optional<Work> work = next(); work.isPresent(); work = next()) {
                perform(work.get());
            }
        } catch (InterruptedException stopped) {
            LOG.warn("the writer thread was interrupted and ends", stopped);
        }
    }

    private void perform(Work work) {
        try {
            work.offered().ifPresent(reconciler::offer);
            if (work.needsRound()) {
                reconciler.reconcile();
            }
            reconciler.change(work.changes());
        } catch (RuntimeException | LinkageError bug) {
            LOG.error("a round of the writer failed", bug);
            work.changes().forEach(change -> change.done().completeExceptionally(bug));
        }
    }

    /** Waits for work or for the time of the next round; empty when closed. */
    private Optional<Work> next() throws InterruptedException {
        OptionalLong wake = reconciler.nextWake();
        synchronized (lock) {
            while (!closed && !signalled && offered.isEmpty() && changes.isEmpty()) {
                long left = wake.isPresent() ? (wake.getAsLong() - clock.getAsLong()) / 1_000_000 + 1 : 0;
                if (wake.isPresent() && left <= 0) {
                    break;
                }
                lock.wait(left);
            }
            if (closed) {
                return Optional.empty();
            }
            Work work = new Work(signalled, offered, changes);
            signalled = false;
            offered = Optional.empty();
            changes = new ArrayList<>();
            return Optional.of(work);
        }
    }

    /** Ends the thread after the round under way; what waits is refused. The kernel keeps what it has. */
    @Override
    public void close() {
        List<RuntimeChange> refused;
        synchronized (lock) {
            closed = true;
            refused = changes;
            changes = new ArrayList<>();
            lock.notifyAll();
        }
        refused.forEach(change -> change.done()
                .completeExceptionally(ControlProblem.notRunning("the control plane is stopping")));
        try {
            thread.join(FAREWELL);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
