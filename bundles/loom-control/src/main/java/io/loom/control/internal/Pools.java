package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.config.TableSize;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.TableSpec;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What vips have in common at one moment, computed when the first of them asks: a thousand vips of one upstream cost what one does. What
 * was made of the very same things for the plan before is taken from there.
 * Tables of equal content are one object here, by which the data plane recognizes what it can share. One plan uses it, on one thread.
 */
final class Pools {
    private final Inventory inventory;
    private final Map<String, Integer> inFile;
    private final Set<Endpoint> limited;
    private final Health health;
    private final NextHops hops;
    private final KernelState applied;
    /** Groups of whose members health or next hops say something else than to the plan before. */
    private final Set<Long> touched;
    private final boolean sameLimits;
    /** What was made, by upstream. */
    private final Map<String, Group> groups = new HashMap<>();
    private final Map<String, Group> groupsBefore;
    /** Tables in the kernel and new ones, from when one is made on. */
    private final Map<TableSpec, TableSpec> equal = new HashMap<>();
    private final Map<String, Boolean> limits = new HashMap<>();

    /** Of an upstream with these members. */
    private record Group(List<Member> members, Map<PoolKey, Made> pools, Map<SpecKey, MadeSpec> specs) {
        static final Group NONE = new Group(List.of(), Map.of(), Map.of());
    }

    private record PoolKey(Family family, String method) {}

    /** A pool and what it was made of, besides members, health and next hops. */
    private record Made(Pool pool, MethodView view) {}

    private record MadeSpec(TableSpec spec, Pool pool) {}

    private record SpecKey(PoolKey pool, String algorithm, int size) {}

    /** Those of no plan. */
    static Pools none() {
        return new Pools();
    }

    private Pools() {
        this(Inventory.EMPTY, Map.of(), Set.of(), Health.UNKNOWN, PlaneView.NONE.nextHops(), KernelState.EMPTY, Set.of(), true, Map.of());
    }

    /**
     * @param inFile  how many servers the file gives to each upstream
     * @param limited addresses that have a limit of connections, in any upstream
     * @param applied what is in the kernel: a table that equals what is wanted is taken for it, so that a look tells that they do
     * @param before  of the plan before
     */
    Pools(Inventory inventory, Map<String, Integer> inFile, Set<Endpoint> limited, Health health, NextHops hops,
            KernelState applied, Pools before) {
        this(inventory, inFile, limited, health, hops, applied, touched(health, hops, before), limited.equals(before.limited), before.groups);
    }

    private static Set<Long> touched(Health health, NextHops hops, Pools before) {
        Set<Long> touched = new HashSet<>(health.differing(before.health));
        hops.differing(before.hops).forEach(key -> touched.add(key.group()));
        return touched;
    }

    private Pools(Inventory inventory, Map<String, Integer> inFile, Set<Endpoint> limited, Health health, NextHops hops,
            KernelState applied, Set<Long> touched, boolean sameLimits, Map<String, Group> groupsBefore) {
        this.inventory = inventory;
        this.inFile = inFile;
        this.limited = limited;
        this.health = health;
        this.hops = hops;
        this.applied = applied;
        this.touched = touched;
        this.sameLimits = sameLimits;
        this.groupsBefore = groupsBefore;
    }

    /** Whether all that is asked of it would be what the plan before was told, if data plane and file are the same; then that is taken over. */
    boolean isAsBefore(String upstream) {
        Group before = groupsBefore.get(upstream);
        boolean same = before != null && sameLimits && isOf(before, members(upstream));
        if (same) {
            groups.putIfAbsent(upstream, before);
        }
        return same;
    }

    private boolean isOf(Group group, List<Member> members) {
        return group.members() == members && (members.isEmpty() || !touched.contains(members.get(0).server().group()));
    }

    List<Member> members(String upstream) {
        return inventory.of(upstream);
    }

    /** Whether some backend in the kernel is reached by it. */
    boolean inUse(String method) {
        return applied.backends().stream().anyMatch(backend -> backend.method().equals(method));
    }

    /** Whether some backend of the upstream has a limit. */
    boolean limited(String upstream) {
        return limits.computeIfAbsent(upstream, absent ->
                !limited.isEmpty() && members(absent).stream().map(Member::endpoint).anyMatch(limited::contains));
    }

    private Group group(String upstream) {
        return groups.computeIfAbsent(upstream, absent -> new Group(members(absent), new HashMap<>(), new HashMap<>()));
    }

    Pool pool(String upstream, Family family, String method, MethodView view) {
        Group group = group(upstream);
        return group.pools().computeIfAbsent(new PoolKey(family, method),
                key -> made(key, view, group.members(), groupsBefore.getOrDefault(upstream, Group.NONE))).pool();
    }

    private Made made(PoolKey key, MethodView view, List<Member> members, Group group) {
        Made before = group.pools().get(key);
        if (before != null && before.view().equals(view) && isOf(group, members)) {
            return before;
        }
        Pool earlier = before == null ? Pool.NONE : before.pool();
        return new Made(Pool.of(earlier, members, key.family(), key.method(), view, health, hops), view);
    }

    /** Those that vips have asked for, now or for the plan before. */
    Collection<Pool> asked() {
        return groups.values().stream().flatMap(group -> group.pools().values().stream()).map(Made::pool).toList();
    }

    /** The table of a vip of that upstream. @param configured its size as the file has it */
    TableSpec table(String upstream, Family family, String method, MethodView view, String algorithm, int configured) {
        Pool pool = pool(upstream, family, method, view);
        int size = TableSize.of(configured, inFile.getOrDefault(upstream, 0), members(upstream).size());
        SpecKey key = new SpecKey(new PoolKey(family, method), algorithm, size);
        MadeSpec before = groupsBefore.getOrDefault(upstream, Group.NONE).specs().get(key);
        return group(upstream).specs().computeIfAbsent(key, absent ->
                before != null && before.pool() == pool ? before : new MadeSpec(spec(key, pool), pool)).spec();
    }

    private TableSpec spec(SpecKey key, Pool pool) {
        if (equal.isEmpty()) {
            Set<TableSpec> objects = Collections.newSetFromMap(new IdentityHashMap<>());
            objects.addAll(applied.tables().values());
            objects.forEach(spec -> equal.put(spec, spec));
        }
        TableSpec spec = new TableSpec(key.algorithm(), key.size(), pool.weights());
        TableSpec same = equal.putIfAbsent(spec, spec);
        return same == null ? spec : same;
    }
}
