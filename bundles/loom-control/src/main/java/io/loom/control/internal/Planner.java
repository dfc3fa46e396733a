package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.LayeredSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Configuration, runtime changes, health and the data plane's view in; the wanted kernel state out. As if it were pure: of the plan before
 * it takes over what it would make again. One thread.
 */
final class Planner {
    private Pools pools = Pools.none();
    private final Union<BackendKey> active = new Union<>();
    private final Difference<BackendKey> idle = new Difference<>();
    private final VipPlans vips = new VipPlans();

    Plan plan(
            LoomConfig config, Inventory inventory, Departed departed, Health health, PlaneView plane, Drains drains, long now) {
        if (!config.enabled()) {
            return Plan.NOTHING;
        }
        KernelState applied = plane.applied();
        Set<String> used = config.vips().stream().map(Vip::upstream).collect(Collectors.toSet());
        Members members = new Members(inventory.byServer(), used);
        Map<Endpoint, Integer> limits = limits(inventory.members(), used);
        pools = new Pools(inventory, servers(config), limits.keySet(), health, plane.nextHops(), applied, pools);
        vips.next(config, pools, plane.without(config.nat().sourceAddresses()));
        LayeredSet<BackendKey> serving = active.of(vips.backends());
        boolean unknownContent = vips.tables().values().stream().anyMatch(spec -> spec.algorithm().isEmpty());
        Set<BackendKey> leaving = new HashSet<>(idle.of(serving, applied.backends()));
        leaving.removeAll(serving);
        Drains next = drains.next(leaving, unknownContent, now);
        Pool.Marks marks = marks(vips.backends(), next, members, departed, health, applied);
        // What a table of unknown content may still name stays what it is until that table is built anew.
        next.keys().stream().filter(key -> !unknownContent || applied.draining().contains(key)).forEach(marks.draining()::add);
        Map<BackendKey, Boolean> draining = new HashMap<>();
        next.keys().forEach(key -> draining.put(key, true));
        return new Plan(new KernelState(serving.with(draining), marks.down(), marks.draining(), limits(serving, limits),
                vips.tables(), vips.listeners()), vips.all(), next);
    }

    /** Pools tell of their members. Others are in tables that stay as they are, or drain. @param parts of what is in use */
    private Pool.Marks marks(
            List<Set<BackendKey>> parts, Drains drains, Members members, Departed departed, Health health, KernelState applied) {
        Pool.Marks marks = new Pool.Marks(new HashSet<>(), new HashSet<>());
        Set<Set<BackendKey>> others = Collections.newSetFromMap(new IdentityHashMap<>());
        others.addAll(parts);
        for (Pool pool : pools.asked()) {
            if (others.remove(pool.keys())) {
                marks.add(pool.marks());
            }
        }
        Set<BackendKey> judged = new HashSet<>(drains.keys());
        others.forEach(judged::addAll);
        others.forEach(keys -> marks.draining().addAll(draining(keys, members)));
        Set<BackendKey> down = down(judged, members, departed, health, applied.down());
        for (BackendKey key : down) {
            // One that keeps its connections while it is down is as one that drains: they stay, and no client begins there.
            boolean keeps = members.of(key).or(() -> departed.member(key)).filter(Member::keepsConnections).isPresent();
            (keeps ? marks.draining() : marks.down()).add(key);
        }
        return marks;
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
