package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.IdentityHashMap;
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
        List<Change.PutBackend> entries = entries(applied, wanted);
        entries.stream().filter(entry -> !leaves(entry)).forEach(changes::add);
        tables(applied.tables(), wanted.tables(), changes);
        put(applied.listeners(), wanted.listeners(), Change.PutListener::new, changes);
        applied.listeners().keySet().stream()
                .filter(key -> !wanted.listeners().containsKey(key))
                .forEach(key -> changes.add(new Change.RemoveListener(key)));
        applied.tables().keySet().stream()
                .filter(key -> !wanted.tables().containsKey(key))
                .forEach(key -> changes.add(new Change.RemoveTable(key)));
        entries.stream().filter(Diff::leaves).forEach(changes::add);
        applied.backends().stream()
                .filter(key -> !wanted.backends().contains(key))
                .sorted()
                .forEach(key -> changes.add(new Change.RemoveBackend(key)));
        return List.copyOf(changes);
    }

    /** Those that differ, in their order: numbers are given in it. */
    private static List<Change.PutBackend> entries(KernelState applied, KernelState wanted) {
        return wanted.backends().stream().filter(key -> !applied.backends().contains(key) || differs(applied, wanted, key)).sorted()
                .map(key -> new Change.PutBackend(key, wanted.down().contains(key), wanted.draining().contains(key), limit(wanted, key)))
                .toList();
    }

    private static boolean differs(KernelState applied, KernelState wanted, BackendKey key) {
        return applied.down().contains(key) != wanted.down().contains(key)
                || applied.draining().contains(key) != wanted.draining().contains(key) || limit(applied, key) != limit(wanted, key);
    }

    private static int limit(KernelState state, BackendKey key) {
        return state.limits().getOrDefault(key, 0);
    }

    /**
     * Tables that become one spec from one spec are one change. Vips of one upstream have two specs of thousands of backends between
     * them, one object each: those are compared once.
     */
    private static void tables(SortedMap<TableKey, TableSpec> applied, SortedMap<TableKey, TableSpec> wanted, List<Change> changes) {
        Map<TableSpec, Map<TableSpec, Boolean>> compared = new IdentityHashMap<>();
        Map<TableSpec, Map<TableSpec, List<TableKey>>> differing = new IdentityHashMap<>();
        List<Runnable> puts = new ArrayList<>();
        wanted.forEach((key, spec) -> {
            TableSpec there = applied.get(key);
            boolean same = there != null && compared.computeIfAbsent(spec, first -> new IdentityHashMap<>())
                    .computeIfAbsent(there, spec::equals);
            if (!same) {
                differing.computeIfAbsent(spec, first -> new IdentityHashMap<>()).computeIfAbsent(there, second -> {
                    List<TableKey> keys = new ArrayList<>();
                    puts.add(() -> changes.add(new Change.PutTable(keys, spec)));
                    return keys;
                }).add(key);
            }
        });
        puts.forEach(Runnable::run);
    }

    private static boolean leaves(Change.PutBackend entry) {
        return entry.down() || entry.draining();
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
