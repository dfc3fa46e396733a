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
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A kernel in memory without checks, in which a change costs the same however much there is; next hops are always known. */
final class WideDataPlane implements DataPlane {
    final List<Change> changes = new ArrayList<>();
    private final Set<BackendKey> backends = new HashSet<>();
    private final Set<BackendKey> down = new HashSet<>();
    private final Set<BackendKey> draining = new HashSet<>();
    private final Map<TableKey, TableSpec> tables = new HashMap<>();
    private final Map<ListenerKey, ListenerSpec> listeners = new HashMap<>();
    private Optional<KernelState> state = Optional.empty();

    List<Change> takeChanges() {
        List<Change> taken = List.copyOf(changes);
        changes.clear();
        return taken;
    }

    @Override
    public void configure(LoomConfig config) {}

    @Override
    public KernelState applied() {
        if (state.isEmpty()) {
            state = Optional.of(new KernelState(backends, down, draining, tables, listeners));
        }
        return state.get();
    }

    @Override
    public void apply(Change change) {
        changes.add(change);
        state = Optional.empty();
        if (change instanceof Change.PutBackend put) {
            backends.add(put.backend());
            move(down, put.backend(), put.down());
            move(draining, put.backend(), put.draining());
        } else if (change instanceof Change.PutTable put) {
            put.tables().forEach(table -> tables.put(table, put.spec()));
        } else if (change instanceof Change.PutListener put) {
            listeners.put(put.listener(), put.spec());
        } else if (change instanceof Change.RemoveListener gone) {
            listeners.remove(gone.listener());
        } else if (change instanceof Change.RemoveTable gone) {
            tables.remove(gone.table());
        } else if (change instanceof Change.RemoveBackend gone) {
            backends.remove(gone.backend());
            move(down, gone.backend(), false);
            move(draining, gone.backend(), false);
        }
    }

    private static void move(Set<BackendKey> set, BackendKey key, boolean member) {
        if (member) {
            set.add(key);
        } else {
            set.remove(key);
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
