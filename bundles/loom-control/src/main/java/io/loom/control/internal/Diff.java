package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.BiFunction;

/**
 * The steps from one kernel state to another, in an order in which no step leaves something that points at nothing: backend
 * entries, tables, listeners; then removals the other way round. A backend is marked down or draining only after the tables
 * let go of it, so that connections that choose anew cannot choose it again.
 */
final class Diff {
    private Diff() {}

    static List<Change> between(KernelState applied, KernelState wanted) {
        List<Change> changes = new ArrayList<>();
        putBackends(applied, wanted, false, changes);
        put(applied.tables(), wanted.tables(), Change.PutTable::new, changes);
        put(applied.listeners(), wanted.listeners(), Change.PutListener::new, changes);
        applied.listeners().keySet().stream()
                .filter(key -> !wanted.listeners().containsKey(key))
                .forEach(key -> changes.add(new Change.RemoveListener(key)));
        applied.tables().keySet().stream()
                .filter(key -> !wanted.tables().containsKey(key))
                .forEach(key -> changes.add(new Change.RemoveTable(key)));
        putBackends(applied, wanted, true, changes);
        applied.backends().stream()
                .filter(key -> !wanted.backends().contains(key))
                .forEach(key -> changes.add(new Change.RemoveBackend(key)));
        return List.copyOf(changes);
    }

    private static void putBackends(KernelState applied, KernelState wanted, boolean leaving, List<Change> changes) {
        for (BackendKey key : wanted.backends()) {
            Change.PutBackend change = put(wanted, key);
            boolean same = applied.backends().contains(key) && put(applied, key).equals(change);
            if ((change.down() || change.draining()) == leaving && !same) {
                changes.add(change);
            }
        }
    }

    private static Change.PutBackend put(KernelState state, BackendKey key) {
        return new Change.PutBackend(key, state.down().contains(key), state.draining().contains(key));
    }

    private static <K, V> void put(
            SortedMap<K, V> applied, SortedMap<K, V> wanted, BiFunction<K, V, Change> change, List<Change> changes) {
        for (Map.Entry<K, V> entry : wanted.entrySet()) {
            if (!entry.getValue().equals(applied.get(entry.getKey()))) {
                changes.add(change.apply(entry.getKey(), entry.getValue()));
            }
        }
    }
}
