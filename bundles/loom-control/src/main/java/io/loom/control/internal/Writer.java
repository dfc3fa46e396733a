package io.loom.control.internal;

import io.loom.api.config.LoomConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
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
    /** When something is due, asked since the last full round: changes one after the other must not put it off. Writer thread only. */
    private OptionalLong due = OptionalLong.empty();

    /** @param round something else has happened or is due: a change makes a round of its own, which takes no file and is none if the change is refused */
    private record Work(boolean round, Optional<LoomConfig> offered, List<RuntimeChange> changes) {}

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
            if (work.round()) {
                due = OptionalLong.empty();
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
        due = LongStream.concat(due.stream(), reconciler.nextWake().stream()).min();
        synchronized (lock) {
            while (!closed && !signalled && offered.isEmpty() && changes.isEmpty() && !isDue()) {
                lock.wait(due.isPresent() ? Math.max(1, (due.getAsLong() - clock.getAsLong()) / 1_000_000 + 1) : 0);
            }
            if (closed) {
                return Optional.empty();
            }
            Work work = new Work(signalled || offered.isPresent() || isDue(), offered, changes);
            signalled = false;
            offered = Optional.empty();
            changes = new ArrayList<>();
            return Optional.of(work);
        }
    }

    private boolean isDue() {
        return due.isPresent() && clock.getAsLong() - due.getAsLong() >= 0;
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
