package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.ConfigSource;
import io.loom.api.control.BackendView;
import io.loom.api.control.LoomControl;
import io.loom.api.control.NewBackend;
import io.loom.api.control.ProblemSource;
import io.loom.api.control.Status;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.DataPlane;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** {@link LoomControl} without OSGi: views from the latest snapshot, changes through the writer thread. */
final class ControlService implements LoomControl, AutoCloseable {
    /** How long a change may take until its caller is told that it is late, in seconds. */
    private static final long CHANGE_LIMIT = 10;
    /** How long the answer for a backend waits for its next hop, in milliseconds. */
    private static final long RESOLVE_LIMIT = 1_000;
    /** How long an answer waits while a table is held back for next hops: longer than {@link Resolution#GRACE}. */
    private static final long HOLD_LIMIT = 2_000;

    private final ConfigSource source;
    private final DataPlane plane;
    private final HealthBoard board;
    private final Writer writer;
    private final AutoCloseable subscription;
    private final List<ProblemSource> others = new CopyOnWriteArrayList<>();
    private final Object published = new Object();
    private volatile Snapshot snapshot = Snapshot.NONE;

    ControlService(
            ConfigSource source, DataPlane plane, Path data, Supplier<Set<InetAddress>> ownAddresses, LongSupplier clock) {
        this.source = source;
        this.plane = plane;
        this.board = new HealthBoard(this::signal);
        RuntimeStore store = new RuntimeStore(data, new Disk.OfFiles());
        this.writer = new Writer(new Reconciler(plane, store, board, ownAddresses, clock, this::publish), clock);
        plane.onChange(writer::signal);
        this.subscription = source.subscribe(writer::offer);
        writer.start();
    }

    private void signal() {
        writer.signal();
    }

    HealthBoard health() {
        return board;
    }

    private void publish(Snapshot next) {
        synchronized (published) {
            snapshot = next;
            published.notifyAll();
        }
    }

    /** What it has to say is in the status from now on. */
    void bindProblems(ProblemSource other) {
        others.add(other);
    }

    void unbindProblems(ProblemSource other) {
        others.remove(other);
    }

    /** Of the control plane, then of everybody else. */
    private List<Problem> warnings(Snapshot now) {
        List<Problem> all = new ArrayList<>(now.warnings());
        others.forEach(other -> all.addAll(other.problems()));
        return all;
    }

    @Override
    public Status status() {
        Snapshot now = snapshot;
        return new Status(
                now.waiting().isEmpty(), now.waiting(), source.location(), source.rejected(), warnings(now),
                now.program(), now.methods(), now.algorithms());
    }

    @Override
    public List<VipView> vips() {
        return snapshot.vips();
    }

    @Override
    public List<BackendView> backends() {
        return snapshot.backends();
    }

    @Override
    public BackendView backend(int id) {
        return snapshot.backend(id).orElseThrow(() -> ControlProblem.unknownId(id));
    }

    @Override
    public BackendView addBackend(String upstream, NewBackend backend) {
        return backend(change(edit -> edit.add(upstream, backend)));
    }

    @Override
    public BackendView changeBackend(int id, OptionalInt weight) {
        return backend(change(edit -> edit.weight(id, weight)));
    }

    @Override
    public void removeBackend(int id) {
        change(edit -> edit.remove(id));
    }

    private int change(Function<RuntimeEdit, RuntimeEdit.Edited> edit) {
        RuntimeChange change = RuntimeChange.of(edit);
        writer.submit(change);
        try {
            RuntimeEdit.Edited edited = change.done().get(CHANGE_LIMIT, TimeUnit.SECONDS);
            awaitSettled(edited);
            return edited.id();
        } catch (ExecutionException failed) {
            throw refusal(failed.getCause());
        } catch (TimeoutException late) {
            throw abandon(change.done());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw abandon(change.done());
        }
    }

    private static LoomException abandon(CompletableFuture<RuntimeEdit.Edited> done) {
        LoomException late = ControlProblem.late(CHANGE_LIMIT);
        done.completeExceptionally(late);
        return late;
    }

    /** The same problems, with this thread's stack: several callers may get one failure. */
    private static LoomException refusal(Throwable cause) {
        return cause instanceof LoomException refused
                ? new LoomException(refused.problems(), refused)
                : new LoomException(ControlProblem.unexpected(new IllegalStateException(cause)), cause);
    }

    /** Waits for next hops: of the backend, which then is in the table, and those for which the whole table waits. */
    private void awaitSettled(RuntimeEdit.Edited edited) throws InterruptedException {
        long begin = System.nanoTime();
        synchronized (published) {
            for (long left = patience(edited, begin); left > 0; left = patience(edited, begin)) {
                published.wait(left);
            }
        }
    }

    /** Milliseconds that are left to wait. */
    private long patience(RuntimeEdit.Edited edited, long begin) {
        long limit = snapshot.holding().contains(edited.upstream())
                ? HOLD_LIMIT
                : snapshot.resolving(edited.id()) ? RESOLVE_LIMIT : 0;
        return limit - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    /** The data plane goes on with what it has. */
    @Override
    public void close() {
        try {
            subscription.close();
        } catch (Exception failure) {
            throw new IllegalStateException("cannot end the subscription of the configuration", failure);
        } finally {
            plane.onChange(() -> {});
            writer.close();
        }
    }
}
