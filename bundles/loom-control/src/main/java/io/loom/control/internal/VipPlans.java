package io.loom.control.internal;

import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The plans of all vips, and what they have together. A vip whose plan would be made of the same as before keeps it, as the same object:
 * of a thousand vips a change concerns one. One thread.
 */
final class VipPlans {
    private List<Plan.VipPlan> all = List.of();
    private List<Set<BackendKey>> backends = List.of();
    private SortedMap<TableKey, TableSpec> tables = Collections.emptySortedMap();
    private SortedMap<ListenerKey, ListenerSpec> listeners = Collections.emptySortedMap();
    private Map<String, Made> made = Map.of();
    private LoomConfig madeFor;
    private PlaneView seen = PlaneView.NONE;

    /** @param free of what the kernel has, which is looked at each time otherwise */
    private record Made(Plan.VipPlan plan, boolean free) {}

    void next(LoomConfig config, Pools pools, PlaneView plane) {
        boolean anew = config != madeFor || !plane.canTheSameAs(seen);
        Map<String, Made> next = new HashMap<>();
        List<Plan.VipPlan> plans = new ArrayList<>();
        for (Vip vip : config.vips()) {
            Made before = anew ? null : made.get(vip.name());
            boolean stays = before != null && before.free() && pools.isAsBefore(vip.upstream());
            Made now = stays ? before : make(config, vip, pools, plane);
            next.put(vip.name(), now);
            plans.add(now.plan());
        }
        made = next;
        madeFor = config;
        seen = plane;
        gather(plans);
    }

    private static Made make(LoomConfig config, Vip vip, Pools pools, PlaneView plane) {
        Plan.VipPlan plan = new VipPlanner(vip, config.conntrack(), config.acl().asks(), pools, plane).plan();
        MethodView view = plane.methods().get(vip.forwarding());
        boolean asConfigured = view != null && view.deployed() && plane.algorithms().contains(vip.algorithm());
        return new Made(plan, asConfigured && plan.tables().keySet().stream()
                .noneMatch(key -> pools.pool(vip.upstream(), key.family(), vip.forwarding(), view).expecting()));
    }

    private void gather(List<Plan.VipPlan> next) {
        boolean alike = next.size() == all.size();
        Map<TableKey, TableSpec> changed = new HashMap<>();
        for (int i = 0; alike && i < next.size(); i++) {
            Plan.VipPlan before = all.get(i);
            Plan.VipPlan now = next.get(i);
            if (before != now) {
                alike = before.name().equals(now.name()) && before.listeners().equals(now.listeners())
                        && before.tables().keySet().equals(now.tables().keySet());
                changed.putAll(now.tables());
            }
        }
        if (!alike) {
            gatherAll(next);
        } else if (!changed.isEmpty()) {
            SortedMap<TableKey, TableSpec> some = new TreeMap<>(tables);
            some.putAll(changed);
            tables = Collections.unmodifiableSortedMap(some);
        }
        if (!alike || !changed.isEmpty()) {
            Set<Set<BackendKey>> parts = Collections.newSetFromMap(new IdentityHashMap<>());
            backends = next.stream().flatMap(plan -> plan.backends().stream()).filter(parts::add).toList();
        }
        all = List.copyOf(next);
    }

    private void gatherAll(List<Plan.VipPlan> next) {
        SortedMap<TableKey, TableSpec> allTables = new TreeMap<>();
        SortedMap<ListenerKey, ListenerSpec> allListeners = new TreeMap<>();
        for (Plan.VipPlan plan : next) {
            allTables.putAll(plan.tables());
            plan.listeners().forEach(allListeners::putIfAbsent);
        }
        tables = Collections.unmodifiableSortedMap(allTables);
        listeners = Collections.unmodifiableSortedMap(allListeners);
    }

    List<Plan.VipPlan> all() {
        return all;
    }

    /** Whose entries vips need: each set that they share once. */
    List<Set<BackendKey>> backends() {
        return backends;
    }

    SortedMap<TableKey, TableSpec> tables() {
        return tables;
    }

    SortedMap<ListenerKey, ListenerSpec> listeners() {
        return listeners;
    }
}
