package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Configuration, runtime changes, health and the data plane's view in; the wanted kernel state out. Pure. */
final class Planner {
    private Planner() {}

    static Plan plan(
            LoomConfig config, Inventory inventory, Departed departed, Health health, PlaneView plane, Drains drains, long now) {
        if (!config.enabled()) {
            return Plan.NOTHING;
        }
        List<Plan.VipPlan> vips = new ArrayList<>();
        SortedMap<TableKey, TableSpec> tables = new TreeMap<>();
        SortedMap<ListenerKey, ListenerSpec> listeners = new TreeMap<>();
        Set<BackendKey> active = new HashSet<>();
        PlaneView seen = plane.without(config.nat().sourceAddresses());
        Set<String> used = config.vips().stream().map(Vip::upstream).collect(Collectors.toSet());
        Members members = new Members(inventory.byServer(), used);
        Map<Endpoint, Integer> limits = limits(inventory.members(), used);
        Pools pools = new Pools(inventory, servers(config), limits.keySet(), health, plane.nextHops(), plane.applied());
        Map<String, VipPlanner.Applied> applied = VipPlanner.Applied.byVip(plane.applied());
        Set<Set<BackendKey>> seenBefore = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Vip vip : config.vips()) {
            Plan.VipPlan planned = new VipPlanner(vip, config.conntrack(), config.acl().asks(), pools, seen,
                    applied.getOrDefault(vip.name(), VipPlanner.Applied.NOTHING)).plan();
            vips.add(planned);
            tables.putAll(planned.tables());
            planned.listeners().forEach(listeners::putIfAbsent);
            planned.backends().stream().filter(seenBefore::add).forEach(active::addAll);
        }
        boolean unknownContent = tables.values().stream().anyMatch(spec -> spec.algorithm().isEmpty());
        Drains next = drains.next(active, plane.applied().backends(), unknownContent, now);
        Set<BackendKey> backends = new HashSet<>(active);
        backends.addAll(next.keys());
        Set<BackendKey> down = down(backends, members, departed, health, plane.applied().down());
        Set<BackendKey> draining = draining(active, members);
        // One that keeps its connections while it is down is as one that drains: they stay, and no client begins there.
        Set<BackendKey> kept = down.stream().filter(key -> members.of(key).or(() -> departed.member(key)).filter(Member::keepsConnections).isPresent())
                .collect(Collectors.toSet());
        down.removeAll(kept);
        draining.addAll(kept);
        // What a table of unknown content may still name stays what it is until that table is built anew.
        next.keys().stream().filter(key -> !unknownContent || plane.applied().draining().contains(key)).forEach(draining::add);
        return new Plan(new KernelState(backends, down, draining, limits(active, limits), tables, listeners), List.copyOf(vips), next);
    }

    private static Map<String, Integer> servers(LoomConfig config) {
        Map<String, Integer> servers = new HashMap<>();
        config.upstreams().forEach(upstream -> servers.put(upstream.name(), upstream.servers().size()));
        return servers;
    }

    /** Members of groups that a vip uses. */
    private record Members(Map<BackendKey.Server, Member> all, Set<String> used) {
        Optional<Member> of(BackendKey key) {
            return Optional.ofNullable(all.get(key.server())).filter(member -> used.contains(member.upstream()));
        }
    }

    /** One that has left its group is judged by the probes that go on, and stays what it was if there are none. */
    private static Set<BackendKey> down(
            Set<BackendKey> backends, Members members, Departed departed, Health health, Set<BackendKey> earlier) {
        Set<BackendKey> down = new HashSet<>();
        for (BackendKey key : backends) {
            Optional<Member> judged = members.of(key)
                    .or(() -> departed.member(key).filter(gone -> gone.check().isPresent()));
            if (judged.map(member -> health.down(member).isPresent()).orElseGet(() -> earlier.contains(key))) {
                down.add(key);
            }
        }
        return down;
    }

    /** What a server can bear is no state of it in one group: of an address in two groups the lower limit holds, for the connections of both. */
    private static Map<Endpoint, Integer> limits(Collection<Member> members, Set<String> used) {
        Map<Endpoint, Integer> limits = new HashMap<>();
        members.stream().filter(member -> member.maxConnections() > 0 && used.contains(member.upstream()))
                .forEach(member -> limits.merge(member.endpoint(), member.maxConnections(), Math::min));
        return limits;
    }

    private static Map<BackendKey, Integer> limits(Set<BackendKey> active, Map<Endpoint, Integer> limits) {
        return limits.isEmpty() ? Map.of() : active.stream().filter(key -> limits.containsKey(key.endpoint()))
                .collect(Collectors.toMap(key -> key, key -> limits.get(key.endpoint())));
    }

    /** Without weight in its group, or in it no more. */
    private static Set<BackendKey> draining(Set<BackendKey> active, Members members) {
        return active.stream().filter(key -> members.of(key).filter(member -> member.weight() > 0).isEmpty())
                .collect(Collectors.toCollection(HashSet::new));
    }
}
