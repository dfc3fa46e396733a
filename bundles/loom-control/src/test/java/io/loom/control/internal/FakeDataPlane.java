package io.loom.control.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.Status;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.LayeredSet;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableNotBuilt;
import io.loom.control.dataplane.TableSpec;
import io.loom.control.dataplane.TrackedConnections;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** A kernel in memory that refuses what the real one could not do, and remembers what was asked of it. */
final class FakeDataPlane implements DataPlane {
    final List<Change> changes = new CopyOnWriteArrayList<>();
    final List<LoomConfig> configured = new CopyOnWriteArrayList<>();
    final Set<BackendKey> unknownHops = ConcurrentHashMap.newKeySet();
    final Set<InetAddress> addresses = ConcurrentHashMap.newKeySet();
    final Map<String, MethodView> methods = new ConcurrentHashMap<>();
    final Set<String> algorithms = ConcurrentHashMap.newKeySet();
    final Set<Protocol> protocols = ConcurrentHashMap.newKeySet();
    volatile Predicate<Change> refused = change -> false;
    /** Tables that their algorithm does not make; the value: it is still at work. */
    final Map<String, Boolean> unbuilt = new ConcurrentHashMap<>();
    /** Protocols whose bundle is gone, and whose handler the program keeps. */
    final Set<Protocol> gone = ConcurrentHashMap.newKeySet();
    volatile boolean refusesConfiguration;
    /** Tables may be in force that are not wanted: their vips cannot change, or the kernel does not take new ones. They may name a backend that is down. */
    boolean tablesStay;
    /** What it fails with, which is no refusal. */
    volatile Optional<RuntimeException> bug = Optional.empty();
    /** What happens elsewhere while a configuration is on its way. */
    Runnable beforeConfigure = () -> { };
    /** What happens elsewhere while a change is on its way. */
    volatile Runnable beforeApply = () -> { };
    /** At the end of a kind of changes. */
    Runnable onFlush = () -> {};
    volatile List<Status.AttachmentView> attachments = List.of();
    volatile boolean settled = true;
    volatile Set<BackendKey> resolving = Set.of();
    volatile List<Problem> problems = List.of();
    volatile Runnable listener = () -> {};
    private final Set<Thread> writers = ConcurrentHashMap.newKeySet();
    private KernelState state = KernelState.EMPTY;

    @Override
    public TrackedConnections connections() {
        return new NoConnections();
    }

    FakeDataPlane() {
        Map<Family, Set<Family>> both = Map.of(
                Family.IPV4, Set.of(Family.IPV4), Family.IPV6, Set.of(Family.IPV6));
        methods.put("nat", new MethodView(true, false, true, both));
        methods.put("ipip", new MethodView(true, true, false, both));
        algorithms.add("maglev");
        protocols.addAll(Set.of(Protocol.TCP, Protocol.UDP));
    }

    static LoomException refusal() {
        return new LoomException(Problem.of("LOOM-1999", "the test's kernel refuses", "", ""));
    }

    /** As after a restart: what is there, but not what the tables were made of. */
    void forgetTables() {
        Map<TableKey, TableSpec> tables = new TreeMap<>();
        state.tables().forEach((key, spec) -> tables.put(key, new TableSpec("", spec.size(), new TreeMap<>())));
        state = new KernelState(
                state.backends(), state.down(), state.draining(), state.limits(), tables, state.listeners());
        changes.clear();
        configured.clear();
        resolving = Set.of();
    }

    /** As after a restart that nothing was forgotten by. */
    void startFrom(KernelState there) {
        state = there;
    }

    void changed() {
        listener.run();
    }

    Set<Thread> writers() {
        return writers;
    }

    @Override
    public void configure(LoomConfig config) {
        beforeConfigure.run();
        if (refusesConfiguration) {
            throw refusal();
        }
        bug.ifPresent(failure -> {
            throw failure;
        });
        configured.add(config);
    }

    @Override
    public synchronized KernelState applied() {
        return state;
    }

    @Override
    public synchronized void apply(Change change) {
        writers.add(Thread.currentThread());
        beforeApply.run();
        bug.ifPresent(failure -> {
            throw failure;
        });
        if (refused.test(change)) {
            throw refusal();
        }
        if (change instanceof Change.PutTable put && put.spec().weights().keySet().stream().anyMatch(unknownHops::contains)) {
            throw new AssertionError("a backend without next hop in " + put);
        }
        if (change instanceof Change.PutTable put) {
            Optional<TableKey> bad = put.tables().stream().filter(table -> unbuilt.containsKey(table.vip())).findFirst();
            if (bad.isPresent()) {
                throw unbuilt(put, bad.get());
            }
        }
        state = tablesStay ? after(state, change) : step(state, change);
        changes.add(change);
    }

    @Override
    public void flush() {
        onFlush.run();
    }

    /** As the real one does, takes what is not wanted any more out of the table in force. */
    private TableNotBuilt unbuilt(Change.PutTable put, TableKey table) {
        TableSpec there = state.tables().get(table);
        if (there != null) {
            Map<BackendKey, Integer> left = new TreeMap<>(there.weights());
            left.keySet().retainAll(put.spec().weights().keySet());
            state = after(state, new Change.PutTable(put.tables(), new TableSpec("", there.size(), new TreeMap<>(left))));
        }
        Problem problem = Problem.of("LOOM-4112", "no table of vip " + table.vip(), "the test's algorithm fails", "");
        return new TableNotBuilt(problem, unbuilt.get(table.vip()), there != null);
    }

    /** The kernel after one change; fails where the change would point at something that is not there. */
    static KernelState step(KernelState before, Change change) {
        KernelState after = after(before, change);
        after.tables().values().forEach(spec -> check(
                spec.weights().keySet().stream().noneMatch(after.down()::contains), "a table names a down backend: " + change));
        return after;
    }

    private static KernelState after(KernelState before, Change change) {
        LayeredSet<BackendKey> backends = LayeredSet.of(before.backends());
        LayeredSet<BackendKey> down = LayeredSet.of(before.down());
        LayeredSet<BackendKey> draining = LayeredSet.of(before.draining());
        Map<BackendKey, Integer> limits = new TreeMap<>(before.limits());
        SortedMap<TableKey, TableSpec> tables = new TreeMap<>(before.tables());
        SortedMap<ListenerKey, ListenerSpec> listeners = new TreeMap<>(before.listeners());
        if (change instanceof Change.PutBackend put) {
            backends = backends.with(Map.of(put.backend(), true));
            down = down.with(Map.of(put.backend(), put.down()));
            draining = draining.with(Map.of(put.backend(), put.draining()));
            boolean moved = !down.equals(before.down()) | !draining.equals(before.draining()) | limit(limits, put.backend(), put.limit());
            check(moved || !before.backends().contains(put.backend()), "nothing changes by " + put);
        } else if (change instanceof Change.PutTable put) {
            put.tables().forEach(table -> tables.put(table, put.spec()));
        } else if (change instanceof Change.PutListener put) {
            listeners.put(put.listener(), put.spec());
        } else if (change instanceof Change.RemoveListener gone) {
            check(listeners.remove(gone.listener()) != null, "there is no " + gone);
        } else if (change instanceof Change.RemoveTable gone) {
            check(tables.remove(gone.table()) != null, "there is no " + gone);
        } else if (change instanceof Change.RemoveBackend gone) {
            check(backends.contains(gone.backend()), "there is no " + gone);
            backends = backends.with(Map.of(gone.backend(), false));
            down = down.with(Map.of(gone.backend(), false));
            draining = draining.with(Map.of(gone.backend(), false));
            limits.remove(gone.backend());
        }
        KernelState after = new KernelState(backends, down, draining, limits, tables, listeners);
        checkReferences(after, change);
        return after;
    }

    private static boolean limit(Map<BackendKey, Integer> limits, BackendKey key, int limit) {
        Integer before = limit == 0 ? limits.remove(key) : limits.put(key, limit);
        return limit != (before == null ? 0 : before);
    }

    private static void checkReferences(KernelState state, Change change) {
        state.tables().values().forEach(spec ->
                check(state.backends().containsAll(spec.weights().keySet()), "a table names a missing backend: " + change));
        state.listeners().values().forEach(spec ->
                check(state.tables().containsKey(spec.table()), "a listener names a missing table: " + change));
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }

    @Override
    public void resolve(Set<BackendKey> backends) {
        resolving = backends;
    }

    @Override
    public Map<BackendKey, String> unresolved() {
        Map<BackendKey, String> unresolved = new TreeMap<>();
        resolving.stream().filter(unknownHops::contains).forEach(key -> unresolved.put(key, "no neighbour"));
        return unresolved;
    }

    @Override
    public Set<InetAddress> interfaceAddresses() {
        return Set.copyOf(addresses);
    }

    @Override
    public Map<String, MethodView> methods() {
        return Map.copyOf(methods);
    }

    @Override
    public Set<Protocol> protocols() {
        return Set.copyOf(protocols);
    }

    @Override
    public Set<Protocol> deployedProtocols() {
        Set<Protocol> deployed = new HashSet<>(protocols);
        deployed.removeAll(gone);
        return deployed;
    }

    @Override
    public Set<String> algorithms() {
        return Set.copyOf(algorithms);
    }

    @Override
    public Status.ProgramView program() {
        return new Status.ProgramView(1, "0123456789abcdef", "loom", attachments);
    }

    @Override
    public boolean programSettled() {
        return settled;
    }

    @Override
    public List<Problem> problems() {
        return new ArrayList<>(problems);
    }

    @Override
    public void onChange(Runnable next) {
        listener = next;
    }
}
