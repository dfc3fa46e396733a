package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.BackendView;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.TableKey;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** A control plane without threads: a fake kernel, fake probes, a fake clock, and a real store in a directory. */
final class Bench {
    private final DataPlane plane;
    final FakeHealth probes = new FakeHealth();
    final HealthBoard board = new HealthBoard(() -> {});
    final FillableDisk disk = new FillableDisk();
    final Set<InetAddress> own = new HashSet<>();
    private final Reconciler reconciler;
    private long now = 1_000_000_000_000L;
    Snapshot seen = Snapshot.NONE;

    Bench(Path data, DataPlane plane) {
        this.plane = plane;
        board.bind(probes);
        reconciler = new Reconciler(
                plane, new RuntimeStore(data, disk), board, () -> own, () -> now, next -> seen = next);
    }

    void load(LoomConfig config) {
        reconciler.offer(config);
        reconciler.reconcile();
    }

    void round() {
        reconciler.reconcile();
    }

    /** Lets time pass, with the rounds that the reconciler asks for. @return how many those were */
    int pass(Duration time) {
        long end = now + time.toNanos();
        int rounds = 0;
        while (reconciler.nextWake().isPresent() && reconciler.nextWake().getAsLong() <= end) {
            now = Math.max(now, reconciler.nextWake().getAsLong());
            reconciler.reconcile();
            rounds++;
        }
        now = end;
        return rounds;
    }

    /** Time passes in which the writer is busy. */
    void stall(Duration time) {
        now += time.toNanos();
    }

    /** In how many milliseconds there is something to do; -1: not by itself. */
    long nextRound() {
        return reconciler.nextWake().isPresent() ? (reconciler.nextWake().getAsLong() - now) / 1_000_000 : -1;
    }

    RuntimeEdit.Edited change(Function<RuntimeEdit, RuntimeEdit.Edited> edit) {
        RuntimeChange change = RuntimeChange.of(edit);
        reconciler.change(List.of(change));
        return result(change.done());
    }

    void changeTogether(List<RuntimeChange> changes) {
        reconciler.change(changes);
    }

    /** Made at once: there are no threads. */
    static RuntimeEdit.Edited result(CompletableFuture<RuntimeEdit.Edited> done) {
        if (!done.isDone()) {
            throw new AssertionError("the change has no answer");
        }
        try {
            return done.join();
        } catch (CompletionException failure) {
            throw failure.getCause() instanceof LoomException refused ? refused : failure;
        }
    }

    Map<BackendKey, Integer> table() {
        return table(io.loom.api.Family.IPV4);
    }

    Map<BackendKey, Integer> table(io.loom.api.Family family) {
        return plane.applied().tables().entrySet().stream()
                .filter(entry -> entry.getKey().family() == family)
                .map(entry -> Map.copyOf(entry.getValue().weights()))
                .findFirst().orElseThrow(() -> new AssertionError("no table"));
    }

    List<Change> takeChanges() {
        List<Change> done = ((FakeDataPlane) plane).changes;
        List<Change> taken = List.copyOf(done);
        done.clear();
        return taken;
    }

    BackendView backend(int id) {
        return seen.backend(id).orElseThrow(() -> new AssertionError("no backend " + id));
    }

    VipView vip() {
        return seen.vips().get(0);
    }

    static TableKey webTable() {
        return new TableKey("web", io.loom.api.Family.IPV4);
    }
}
