package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.HealthCheck;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.HealthReports;
import io.loom.api.control.Status.ProgramView;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableNotBuilt;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
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
    /** Bounds the rate of rounds that nothing but time asks for: 50 ms. */
    private static final long SHORTEST_NAP = 50_000_000L;
    /** A round at least this often, 5 s: what nobody reported, such as an address on an interface, is seen by then. */
    private static final long LONGEST_NAP = 5_000_000_000L;

    private final DataPlane plane;
    private final RuntimeStore store;
    private final HealthBoard board;
    private final Supplier<Set<InetAddress>> ownAddresses;
    private final LongSupplier clock;
    private final Consumer<Snapshot> publish;
    private final Resolution resolution;
    private final Troubles troubles;
    private final Planner planner = new Planner();
    private final Diff diff = new Diff();

    private RuntimeState runtime;
    private Optional<LoomConfig> offered = Optional.empty();
    private Optional<LoomConfig> config = Optional.empty();
    private Drains drains = Drains.NONE;
    private Inventory known = Inventory.EMPTY;
    private Optional<Inventoried> inventoried = Optional.empty();
    private Departed departed = Departed.NONE;
    private Watching watching = new Watching(Departed.NONE, Map.of(), Map.of());
    private Backoff configuring = Backoff.NONE;
    private Backoff applying = Backoff.NONE;
    private Readiness readiness = Readiness.START;
    private Map<HealthReports.Target, HealthCheck> unprobed = Map.of();
    private Plan plan = Plan.NOTHING;
    /** What {@link #plan} was made from: views must not mix it with what came later, which the next round sees. */
    private PlaneView planned = PlaneView.NONE;
    private Health judged = Health.UNKNOWN;
    /** Tables that their algorithms had not made when the plan was last applied. */
    private SortedMap<TableKey, TableNotBuilt> unbuilt = Collections.emptySortedMap();
    private OptionalLong graceEnds = OptionalLong.empty();
    private long lastRound;

    /** What is probed, and what that was made of. */
    private record Watching(
            Departed departed, Map<HealthReports.Target, HealthCheck> targets, Map<HealthReports.Target, HealthCheck> wanted) {
        Watching next(Departed now, Map<HealthReports.Target, HealthCheck> there) {
            return departed == now && targets == there ? this : new Watching(now, there, now.with(there));
        }
    }

    /** What an inventory was made of. */
    private record Inventoried(LoomConfig config, RuntimeState runtime, Inventory inventory) {
        Inventoried with(RuntimeEdit.Edited edited) {
            return new Inventoried(config, edited.state(), inventory.with(Set.of(edited.ref()), config, edited.state()));
        }
    }

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
        this.troubles = new Troubles(loaded.problem());
        loaded.problem().ifPresent(problem -> LOG.error("{}", problem));
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
        Optional<Inventoried> inventoriedBefore = inventoried;
        List<Runnable> acknowledge = new ArrayList<>();
        try {
            Inventoried next = inventoried(changeable());
            for (RuntimeChange change : changes) {
                RuntimeEdit.Edited edited = change.edit().apply(new RuntimeEdit(next.config(), next.runtime(), next.inventory()));
                requireThawed(edited.upstream());
                next = next.with(edited);
                acknowledge.add(() -> change.done().complete(edited));
            }
            store.save(next.runtime());
            runtime = next.runtime();
            inventoried = Optional.of(next);
            round(true);
            if (!troubles.applying().isEmpty()) {
                throw ControlProblem.notApplied(troubles.applying());
            }
            acknowledge.forEach(Runnable::run);
            return true;
        } catch (RuntimeException failure) {
            if (runtime != before) {
                runtime = before;
                inventoried = inventoriedBefore;
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
        configure();
        round(false);
    }

    /** Takes no new file: the round of a change may have to be undone, and the state of before does not know the servers of another file. */
    private void round(boolean atOnce) {
        lastRound = clock.getAsLong();
        keepDurable();
        if (config.isEmpty()) {
            String problem = troubles.failing();
            waitFor(problem.isEmpty() ? Readiness.START.waiting() : problem);
            return;
        }
        LoomConfig now = config.get();
        Inventory inventory = inventoried(now).inventory();
        departed = departed.next(known, inventory, plane.applied().backends());
        known = inventory;
        watching = watching.next(departed, now.enabled() ? inventory.targets() : Map.of());
        board.watch(now.enabled() ? watching.wanted() : Map.of());
        try {
            applyPlan(now, inventory, atOnce);
        } catch (LoomException failure) {
            applyFailed(failure.problems(), failure);
        } catch (RuntimeException bug) {
            applyFailed(List.of(ControlProblem.unexpected(bug)), bug);
        }
        publish(now, inventory);
    }

    private Inventoried inventoried(LoomConfig now) {
        if (inventoried.filter(made -> made.config() == now && made.runtime() == runtime).isEmpty()) {
            inventoried = Optional.of(new Inventoried(now, runtime, Inventory.of(now, runtime)));
        }
        return inventoried.get();
    }

    private void configure() {
        if (offered.isEmpty() || configuring.blocks(clock.getAsLong())) {
            return;
        }
        LoomConfig next = offered.get();
        if (config.isEmpty() && troubles.failing().isEmpty()) {
            waitFor("the kernel to take the configuration"); // its verifier has seconds of work with the first one
        }
        try {
            plane.configure(next);
            FileMerge.Merged merged = FileMerge.merge(runtime, next);
            runtime = merged.state();
            troubles.merging(merged.warnings());
            config = offered;
            offered = Optional.empty();
            configuring = Backoff.NONE;
            troubles.configuring(List.of());
            applying = Backoff.NONE;
            LOG.info("configuration in force: {} vips, {} upstreams", next.vips().size(), next.upstreams().size());
        } catch (LoomException failure) {
            configureFailed(failure.problems(), failure);
        } catch (RuntimeException bug) {
            configureFailed(List.of(ControlProblem.unexpected(bug)), bug);
        }
    }

    private void configureFailed(List<Problem> problems, RuntimeException cause) {
        if (!problems.equals(troubles.configuring())) {
            report("the data path did not take the configuration", cause);
        }
        troubles.configuring(problems);
        configuring = configuring.failed(clock.getAsLong());
    }

    /** A state that could not be written when it changed is tried again each round. */
    private void keepDurable() {
        try {
            if (config.isPresent()) {
                store.save(runtime);
            }
            troubles.saving(List.of());
        } catch (LoomException failure) {
            troubles.saving(failure.problems());
        }
    }

    private void applyPlan(LoomConfig now, Inventory inventory, boolean atOnce) {
        long time = clock.getAsLong();
        plan(now, inventory, time);
        if (resolution.ask(plan.wanted().backends(), time)) {
            plan(now, inventory, time);
        }
        drains = plan.drains();
        if (applying.blocks(time) && !atOnce) {
            plan = plan.without(unbuilt);
            return;
        }
        List<Change> changes = diff.between(planned.applied(), plan.wanted());
        Application application = new Application(plane, planned.applied().listeners());
        try {
            application.run(changes);
        } finally {
            unbuilt(application.unbuilt(unbuilt));
        }
        if (changes.size() > unbuilt.size()) {
            LOG.info("{} changes are in the kernel", changes.size() - unbuilt.size());
        }
        applying = Backoff.NONE;
        troubles.applying(List.of());
    }

    private void unbuilt(SortedMap<TableKey, TableNotBuilt> tables) {
        unbuilt = tables;
        List<Problem> problems = tables.values().stream().filter(table -> !table.isPending())
                .flatMap(table -> table.problems().stream()).distinct().toList();
        problems.stream().filter(problem -> !troubles.building().contains(problem)).forEach(problem -> LOG.error("{}", problem));
        troubles.building(problems);
        plan = plan.without(tables);
    }

    private void plan(LoomConfig now, Inventory inventory, long time) {
        planned = view(now.vips(), time);
        judged = judged.next(board.reports(), planned.applied());
        plan = planner.plan(now, inventory, departed, judged, planned, drains, time);
    }

    /** The host is asked for its addresses where they matter: it may have thousands. */
    private PlaneView view(List<Vip> vips, long time) {
        NextHops hops = resolution.now(time);
        graceEnds = resolution.graceEnds(hops.recent());
        Map<String, MethodView> methods = plane.methods();
        boolean interfaces = vips.stream().anyMatch(Vip::interfaceAddresses);
        // By which method a vip is served whose own is not deployed is not known here.
        boolean own = vips.stream().map(vip -> methods.get(vip.forwarding()))
                .anyMatch(method -> method == null || !method.deployed() || method.direct());
        return new PlaneView(
                plane.applied(), hops, interfaces ? plane.interfaceAddresses() : Set.of(), own ? new HashSet<>(ownAddresses.get()) : Set.of(),
                methods, plane.algorithms(), plane.protocols(), plane.deployedProtocols());
    }

    private void applyFailed(List<Problem> problems, RuntimeException cause) {
        if (!problems.equals(troubles.applying())) {
            report("a change was not applied", cause);
        }
        troubles.applying(problems);
        applying = applying.failed(clock.getAsLong());
    }

    /** What is understood is explained in words; only what is not comes with a stack trace. */
    private static void report(String what, RuntimeException cause) {
        if (cause instanceof LoomException) {
            LOG.error("{}: {}", what, cause.getMessage());
            LOG.debug(what, cause);
        } else {
            LOG.error(what, cause);
        }
    }

    private void publish(LoomConfig now, Inventory inventory) {
        PlaneView view = planned.withApplied(plane.applied());
        ProgramView program = plane.program();
        Views views = new Views(now, inventory, judged, plan, view, program.attachments());
        unprobed = unprobed(now, inventory);
        Readiness.Round round = new Readiness.Round(
                now, troubles.failing(), plan.held(), program, plane.programSettled(),
                plan.vips().stream().filter(this::isBeingBuilt).map(Plan.VipPlan::name).toList(), unprobed, views);
        readiness = readiness.next(round, clock.getAsLong());
        Set<String> holding = plan.vips().stream()
                .filter(vip -> vip.held() || isBeingBuilt(vip)).map(Plan.VipPlan::upstream).collect(Collectors.toSet());
        publish.accept(new Snapshot(
                readiness.ready() ? "" : readiness.waiting(), troubles.all(plane.problems(), config, inventory),
                program, sorted(view.methods().keySet()), sorted(view.algorithms()), Optional.of(views), holding));
    }

    private boolean isBeingBuilt(Plan.VipPlan vip) {
        return !unbuilt.isEmpty() && vip.tables().keySet().stream().anyMatch(table -> unbuilt.containsKey(table) && unbuilt.get(table).isPending());
    }

    /** By the reports that this round went by: one that came later is not in the kernel yet. */
    private Map<HealthReports.Target, HealthCheck> unprobed(LoomConfig now, Inventory inventory) {
        if (readiness.ready() || !now.enabled()) {
            return Map.of();
        }
        Map<HealthReports.Target, HealthCheck> left = new HashMap<>(inventory.targets());
        left.keySet().removeAll(judged.reports().keySet());
        return left;
    }

    private void waitFor(String what) {
        readiness = new Readiness(false, false, 0, what);
        publish.accept(new Snapshot(
                readiness.waiting(), troubles.all(plane.problems(), config, Inventory.EMPTY), plane.program(),
                sorted(plane.methods().keySet()), sorted(plane.algorithms()), Optional.empty(), Set.of()));
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    /** When {@link #reconcile} has something to do even if nothing happens, in the clock's nanoseconds. */
    OptionalLong nextWake() {
        List<Long> times = new ArrayList<>();
        if (config.isPresent()) {
            times.add(lastRound + LONGEST_NAP);
        }
        if (offered.isPresent() && configuring.failures() > 0) {
            times.add(configuring.retryAt());
        }
        if (applying.failures() > 0) {
            times.add(applying.retryAt());
        }
        graceEnds.ifPresent(times::add);
        drains.earliest().ifPresent(times::add);
        long now = clock.getAsLong();
        if (!readiness.ready() && readiness.applied()) {
            readiness.patienceEnds(unprobed).filter(end -> end > now).forEach(times::add);
        }
        return times.stream().mapToLong(Long::longValue).map(time -> Math.max(time, now + SHORTEST_NAP)).min();
    }
}
