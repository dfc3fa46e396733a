package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.LayeredMap;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * The steps from one kernel state to another, in an order in which no step leaves something that points at nothing: backend
 * entries, tables, listeners; then removals the other way round. A backend is marked down or draining only after the tables
 * let go of it, so that connections that choose anew cannot choose it again.
 */
final class Diff {
    private final Difference<BackendKey> backends = new Difference<>();
    private final Difference<BackendKey> down = new Difference<>();
    private final Difference<BackendKey> draining = new Difference<>();
    /** Two that were equal. */
    private SortedMap<ListenerKey, ListenerSpec> listening = Collections.emptySortedMap();
    private SortedMap<ListenerKey, ListenerSpec> same = listening;

    /** What is asked for one after the other should be like what was before, of which it is compared what has changed. */
    List<Change> between(KernelState applied, KernelState wanted) {
        List<Change> changes = new ArrayList<>();
        Set<BackendKey> comeOrGone = backends.of(applied.backends(), wanted.backends());
        List<Change.PutBackend> entries = entries(applied, wanted, comeOrGone);
        entries.stream().filter(entry -> !leaves(entry)).forEach(changes::add);
        tables(applied.tables(), wanted.tables(), changes);
        listeners(applied.listeners(), wanted.listeners(), changes);
        applied.tables().keySet().stream()
                .filter(key -> !wanted.tables().containsKey(key))
                .forEach(key -> changes.add(new Change.RemoveTable(key)));
        entries.stream().filter(Diff::leaves).forEach(changes::add);
        comeOrGone.stream().filter(key -> !wanted.backends().contains(key)).sorted()
                .forEach(key -> changes.add(new Change.RemoveBackend(key)));
        return List.copyOf(changes);
    }

    /** Those that differ, in their order: numbers are given in it. */
    private List<Change.PutBackend> entries(KernelState applied, KernelState wanted, Set<BackendKey> comeOrGone) {
        Set<BackendKey> differing = new HashSet<>(comeOrGone);
        differing.addAll(down.of(applied.down(), wanted.down()));
        differing.addAll(draining.of(applied.draining(), wanted.draining()));
        differing.addAll(LayeredMap.differing(applied.limits(), wanted.limits()));
        return differing.stream().filter(wanted.backends()::contains).sorted()
                .map(key -> new Change.PutBackend(
                        key, wanted.down().contains(key), wanted.draining().contains(key), wanted.limits().getOrDefault(key, 0)))
                .toList();
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
            boolean same = spec == there || there != null && compared.computeIfAbsent(spec, first -> new IdentityHashMap<>())
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

    private void listeners(
            SortedMap<ListenerKey, ListenerSpec> applied, SortedMap<ListenerKey, ListenerSpec> wanted, List<Change> changes) {
        if (listening == applied && same == wanted) {
            return;
        }
        int before = changes.size();
        wanted.forEach((key, spec) -> {
            if (!spec.equals(applied.get(key))) {
                changes.add(new Change.PutListener(key, spec));
            }
        });
        applied.keySet().stream().filter(key -> !wanted.containsKey(key)).forEach(key -> changes.add(new Change.RemoveListener(key)));
        if (changes.size() == before) {
            listening = applied;
            same = wanted;
        }
    }
}
