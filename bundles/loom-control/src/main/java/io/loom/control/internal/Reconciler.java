package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.Status.ProgramView;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the kernel match the configuration, the runtime changes and the health of the backends. All state of the control
 * plane lives here and belongs to the writer thread; other threads see {@link Snapshot}s.
 */
final class Reconciler {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);

    private final DataPlane plane;
    private final RuntimeStore store;
    private final HealthBoard board;
    private final Supplier<Set<InetAddress>> ownAddresses;
    private final LongSupplier clock;
    private final Consumer<Snapshot> publish;
    private final Resolution resolution;
    private final Optional<Problem> storeProblem;

    private RuntimeState runtime;
    private List<Problem> mergeWarnings = List.of();
    private Optional<LoomConfig> offered = Optional.empty();
    private Optional<LoomConfig> config = Optional.empty();
    private Drains drains = Drains.NONE;
    private Backoff configuring = Backoff.NONE;
    private Backoff applying = Backoff.NONE;
    private List<Problem> configureProblems = List.of();
    private List<Problem> applyProblems = List.of();
    private Readiness readiness = Readiness.START;
    private Plan plan = Plan.NOTHING;
    private OptionalLong graceEnds = OptionalLong.empty();

    /**
     * @param ownAddresses addresses by which this host lives in a subnet
     * @param clock        nanoseconds from any origin
     * @param publish      receives what front ends see, on the writer thread
     */
    Reconciler(
            DataPlane plane, RuntimeStore store, HealthBoard board, Supplier<Set<InetAddress>> ownAddresses,
            LongSupplier clock, Consumer<Snapshot> publish) {
        this.plane = plane;
        this.store = store;
        this.board = board;
        this.ownAddresses = ownAddresses;
        this.clock = clock;
        this.publish = publish;
        this.resolution = new Resolution(plane);
        RuntimeStore.Loaded loaded = store.load();
        this.runtime = loaded.state();
        this.storeProblem = loaded.problem();
        storeProblem.ifPresent(problem -> LOG.error("{}", problem));
    }

    /** A new file; it is in force once the data path took it. */
    void offer(LoomConfig next) {
        offered = Optional.of(next);
        configuring = Backoff.NONE;
    }

    /** Carries out changes together; if that fails, one by one, so that a bad one does not take others with it. */
    void change(List<RuntimeChange> changes) {
        List<RuntimeChange> valid = new ArrayList<>(changes);
        valid.removeIf(RuntimeChange::abandoned);
        if (!valid.isEmpty() && !commit(valid, valid.size() == 1)) {
            valid.forEach(change -> commit(List.of(change), true));
        }
    }

    private boolean commit(List<RuntimeChange> changes, boolean last) {
        RuntimeState before = runtime;
        List<Runnable> acknowledge = new ArrayList<>();
        try {
            RuntimeState next = runtime;
            for (RuntimeChange change : changes) {
                RuntimeEdit.Edited edited = change.edit().apply(new RuntimeEdit(changeable(), next));
                requireThawed(edited.upstream());
                next = edited.state();
                acknowledge.add(() -> change.done().complete(edited));
            }
            store.save(next);
            runtime = next;
            round(true);
            if (!applyProblems.isEmpty()) {
                throw ControlProblem.notApplied(applyProblems);
            }
            acknowledge.forEach(Runnable::run);
            return true;
        } catch (RuntimeException failure) {
            if (runtime != before) {
                runtime = before;
                round(true);
            }
            if (last) {
                LoomException refused = failure instanceof LoomException known
                        ? known : new LoomException(ControlProblem.unexpected(failure), failure);
                changes.forEach(change -> change.done().completeExceptionally(refused));
            }
            return false;
        }
    }

    private LoomConfig changeable() {
        return config.orElseThrow(() -> ControlProblem.notRunning("it waits for " + readiness.waiting()));
    }

    private void requireThawed(String upstream) {
        plan.frozen(upstream).ifPresent(reason -> {
            throw ControlProblem.notRunning(reason);
        });
    }

    /** One round: takes what is new, compares, and applies what differs unless a failure is to be waited out. */
    void reconcile() {
        round(false);
    }

    private void round(boolean atOnce) {
        configure();
        List<Problem> durable = keepDurable();
        if (config.isEmpty()) {
            readiness = new Readiness(false, false, 0, configureProblems.isEmpty()
                    ? "a valid configuration" : configureProblems.get(0).toString());
            publish.accept(empty(warnings(durable, Inventory.EMPTY, List.of())));
            return;
        }
        LoomConfig now = config.get();
        Inventory inventory = Inventory.of(now, runtime);
        board.watch(now.enabled() ? inventory.targets() : java.util.Map.of());
        try {
            applyPlan(now, inventory, atOnce);
        } catch (LoomException failure) {
            applyFailed(failure.problems(), failure);
        } catch (RuntimeException bug) {
            applyFailed(List.of(ControlProblem.unexpected(bug)), bug);
        }
        publish(now, inventory, durable);
    }

    private void configure() {
        if (offered.isEmpty() || configuring.blocks(clock.getAsLong())) {
            return;
        }
        LoomConfig next = offered.get();
        try {
            plane.configure(next);
            FileMerge.Merged merged = FileMerge.merge(runtime, next);
            runtime = merged.state();
            mergeWarnings = merged.warnings();
            config = offered;
            offered = Optional.empty();
            configuring = Backoff.NONE;
            configureProblems = List.of();
            applying = Backoff.NONE;
            LOG.info("configuration in force: {} vips, {} upstreams", next.vips().size(), next.upstreams().size());
        } catch (LoomException failure) {
            configureFailed(failure.problems(), failure);
        } catch (RuntimeException bug) {
            configureFailed(List.of(ControlProblem.unexpected(bug)), bug);
        }
    }

    private void configureFailed(List<Problem> problems, RuntimeException cause) {
        if (!problems.equals(configureProblems)) {
            LOG.error("the data path did not take the configuration", cause);
        }
        configureProblems = problems;
        configuring = configuring.failed(clock.getAsLong());
    }

    /** A state that could not be written when it changed is tried again each round. */
    private List<Problem> keepDurable() {
        try {
            if (config.isPresent()) {
                store.save(runtime);
            }
            return List.of();
        } catch (LoomException failure) {
            return failure.problems();
        }
    }

    private void applyPlan(LoomConfig now, Inventory inventory, boolean atOnce) {
        long time = clock.getAsLong();
        PlaneView view = view(time);
        plan = Planner.plan(now, inventory, health(view), view, drains, time);
        if (resolution.ask(plan.wanted().backends(), time)) {
            view = view(time);
            plan = Planner.plan(now, inventory, health(view), view, drains, time);
        }
        drains = plan.drains();
        if (applying.blocks(time) && !atOnce) {
            return;
        }
        for (Change change : Diff.between(view.applied(), plan.wanted())) {
            plane.apply(change);
            LOG.info("{}", change);
        }
        applying = Backoff.NONE;
        applyProblems = List.of();
    }

    private Health health(PlaneView view) {
        return Health.of(board.reports(), view.applied());
    }

    private PlaneView view(long time) {
        NextHops hops = resolution.now(time);
        graceEnds = resolution.graceEnds(hops.recent());
        return new PlaneView(
                plane.applied(), hops, plane.interfaceAddresses(), ownAddresses.get(), plane.methods(),
                plane.algorithms());
    }

    private void applyFailed(List<Problem> problems, RuntimeException cause) {
        if (!problems.equals(applyProblems)) {
            LOG.error("a change was not applied", cause);
        }
        applyProblems = problems;
        applying = applying.failed(clock.getAsLong());
    }

    private void publish(LoomConfig now, Inventory inventory, List<Problem> durable) {
        PlaneView view = view(clock.getAsLong());
        Views views = new Views(now, inventory, health(view), plan, view);
        List<VipView> vips = views.vips();
        ProgramView program = plane.program();
        String failing = java.util.stream.Stream.concat(configureProblems.stream(), applyProblems.stream())
                .map(Problem::toString).findFirst().orElse("");
        readiness = readiness.next(
                new Readiness.Round(now, failing, plan.held(), program, board.unreported(), vips), clock.getAsLong());
        Set<String> holding = plan.vips().stream()
                .filter(Plan.VipPlan::held).map(Plan.VipPlan::upstream).collect(Collectors.toSet());
        publish.accept(new Snapshot(
                readiness.ready() ? "" : readiness.waiting(), warnings(durable, inventory, vips), program,
                plane.methods().keySet().stream().sorted().toList(), plane.algorithms().stream().sorted().toList(),
                vips, views.backends(), holding));
    }

    private Snapshot empty(List<Problem> warnings) {
        return new Snapshot(
                readiness.waiting(), warnings, plane.program(), plane.methods().keySet().stream().sorted().toList(),
                plane.algorithms().stream().sorted().toList(), List.of(), List.of(), Set.of());
    }

    private List<Problem> warnings(List<Problem> durable, Inventory inventory, List<VipView> vips) {
        List<Problem> all = new ArrayList<>(configureProblems);
        if (!applyProblems.isEmpty()) {
            all.add(ControlProblem.retrying(applyProblems));
        }
        storeProblem.ifPresent(all::add);
        all.addAll(durable);
        all.addAll(plane.problems());
        config.ifPresent(now -> all.addAll(now.warnings()));
        all.addAll(mergeWarnings);
        all.addAll(inventory.orphans());
        vips.forEach(vip -> vip.degraded().forEach(reason -> all.add(ControlProblem.degraded(vip.name(), reason))));
        return all;
    }

    /** When {@link #reconcile} has something to do even if nothing happens, in the clock's nanoseconds. */
    OptionalLong nextWake() {
        List<Long> times = new ArrayList<>();
        if (offered.isPresent() && configuring.failures() > 0) {
            times.add(configuring.retryAt());
        }
        if (applying.failures() > 0) {
            times.add(applying.retryAt());
        }
        graceEnds.ifPresent(times::add);
        drains.earliest().ifPresent(times::add);
        long now = clock.getAsLong();
        if (!readiness.ready() && readiness.applied() && now - readiness.since() < Readiness.PATIENCE) {
            times.add(readiness.since() + Readiness.PATIENCE);
        }
        return times.stream().mapToLong(Long::longValue).map(time -> Math.max(time, now + SHORTEST_NAP)).min();
    }

    /** Bounds the rate of rounds that nothing but time asks for: 50 ms. */
    private static final long SHORTEST_NAP = 50_000_000L;
}
