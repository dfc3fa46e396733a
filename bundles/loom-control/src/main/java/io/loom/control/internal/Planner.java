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
        Map<TableKey, TableSpec> tables = new TreeMap<>();
        Map<ListenerKey, ListenerSpec> listeners = new TreeMap<>();
        Set<BackendKey> active = new HashSet<>();
        PlaneView seen = plane.without(config.nat().sourceAddresses());
        Map<BackendKey.Server, Member> members = members(config, inventory);
        Map<Endpoint, Integer> limits = limits(members.values());
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
        Set<BackendKey> kept = down.stream().filter(key -> member(key, members, departed).filter(Member::keepsConnections).isPresent())
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

    /** Those of groups that a vip uses. */
    private static Map<BackendKey.Server, Member> members(LoomConfig config, Inventory inventory) {
        Set<String> used = config.vips().stream().map(Vip::upstream).collect(Collectors.toSet());
        Map<BackendKey.Server, Member> members = new HashMap<>();
        inventory.members().stream().filter(member -> used.contains(member.upstream()))
                .forEach(member -> members.put(member.server(), member));
        return members;
    }

    /** One that has left its group is judged by the probes that go on, and stays what it was if there are none. */
    private static Set<BackendKey> down(
            Set<BackendKey> backends, Map<BackendKey.Server, Member> members, Departed departed, Health health,
            Set<BackendKey> before) {
        Set<BackendKey> earlier = new HashSet<>(before);
        Set<BackendKey> down = new HashSet<>();
        for (BackendKey key : backends) {
            Optional<Member> member = member(key, members, departed)
                    .filter(one -> one.check().isPresent() || members.containsKey(key.server()));
            if (member.map(one -> health.down(one).isPresent()).orElseGet(() -> earlier.contains(key))) {
                down.add(key);
            }
        }
        return down;
    }

    private static Optional<Member> member(BackendKey key, Map<BackendKey.Server, Member> members, Departed departed) {
        return Optional.ofNullable(members.getOrDefault(key.server(), departed.members().get(key.server())));
    }

    /** What a server can bear is no state of it in one group: of an address in two groups the lower limit holds, for the connections of both. */
    private static Map<Endpoint, Integer> limits(Collection<Member> members) {
        Map<Endpoint, Integer> limits = new HashMap<>();
        members.stream().filter(member -> member.maxConnections() > 0)
                .forEach(member -> limits.merge(member.endpoint(), member.maxConnections(), Math::min));
        return limits;
    }

    private static Map<BackendKey, Integer> limits(Set<BackendKey> active, Map<Endpoint, Integer> limits) {
        return active.stream().filter(key -> limits.containsKey(key.endpoint()))
                .collect(Collectors.toMap(key -> key, key -> limits.get(key.endpoint())));
    }

    /** Without weight in its group, or in it no more. */
    private static Set<BackendKey> draining(Set<BackendKey> active, Map<BackendKey.Server, Member> members) {
        return active.stream()
                .filter(key -> {
                    Member member = members.get(key.server());
                    return member == null || member.weight() == 0;
                })
                .collect(Collectors.toCollection(HashSet::new));
    }
}
