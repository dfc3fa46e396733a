package io.loom.control.internal;

import io.loom.api.Family;
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
import io.loom.control.dataplane.TableSpec;
import io.loom.control.dataplane.TrackedConnections;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A kernel in memory without checks, in which a change costs the same however much there is; next hops are always known. */
final class WideDataPlane implements DataPlane {
    final List<Change> changes = new ArrayList<>();
    private LayeredSet<BackendKey> backends = LayeredSet.empty();
    private LayeredSet<BackendKey> down = LayeredSet.empty();
    private LayeredSet<BackendKey> draining = LayeredSet.empty();
    private final SortedMap<TableKey, TableSpec> tables = new TreeMap<>();
    private final SortedMap<ListenerKey, ListenerSpec> listeners = new TreeMap<>();
    private Optional<KernelState> state = Optional.empty();

    List<Change> takeChanges() {
        List<Change> taken = List.copyOf(changes);
        changes.clear();
        return taken;
    }

    @Override
    public TrackedConnections connections() {
        return new NoConnections();
    }

    @Override
    public void configure(LoomConfig config) {}

    @Override
    public KernelState applied() {
        if (state.isEmpty()) {
            state = Optional.of(new KernelState(backends, down, draining, Map.of(), new TreeMap<>(tables), new TreeMap<>(listeners)));
        }
        return state.get();
    }

    @Override
    public void apply(Change change) {
        changes.add(change);
        state = Optional.empty();
        if (change instanceof Change.PutBackend put) {
            backends = backends.with(Map.of(put.backend(), true));
            down = down.with(Map.of(put.backend(), put.down()));
            draining = draining.with(Map.of(put.backend(), put.draining()));
        } else if (change instanceof Change.PutTable put) {
            put.tables().forEach(table -> tables.put(table, put.spec()));
        } else if (change instanceof Change.PutListener put) {
            listeners.put(put.listener(), put.spec());
        } else if (change instanceof Change.RemoveListener gone) {
            listeners.remove(gone.listener());
        } else if (change instanceof Change.RemoveTable gone) {
            tables.remove(gone.table());
        } else if (change instanceof Change.RemoveBackend gone) {
            backends = backends.with(Map.of(gone.backend(), false));
            down = down.with(Map.of(gone.backend(), false));
            draining = draining.with(Map.of(gone.backend(), false));
        }
    }

    @Override
    public void resolve(Set<BackendKey> wanted) {}

    @Override
    public Map<BackendKey, String> unresolved() {
        return Map.of();
    }

    @Override
    public Set<InetAddress> interfaceAddresses() {
        return Set.of();
    }

    @Override
    public Map<String, MethodView> methods() {
        return Map.of("nat", new MethodView(true, false, true,
                Map.of(Family.IPV4, Set.of(Family.IPV4), Family.IPV6, Set.of(Family.IPV6))));
    }

    @Override
    public Set<Protocol> protocols() {
        return Set.of(Protocol.TCP);
    }

    @Override
    public Set<String> algorithms() {
        return Set.of("maglev");
    }

    @Override
    public Status.ProgramView program() {
        return new Status.ProgramView(1, "0123456789abcdef", "loom", List.of());
    }

    @Override
    public List<Problem> problems() {
        return List.of();
    }

    @Override
    public void onChange(Runnable listener) {}
}
