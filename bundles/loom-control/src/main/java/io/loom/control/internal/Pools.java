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
    private final Map<PoolKey, Made> pools = new HashMap<>();
    private final Map<PoolKey, Made> madeBefore;
    private final Map<SpecKey, MadeSpec> specs = new HashMap<>();
    private final Map<SpecKey, MadeSpec> specsBefore;
    /** Tables in the kernel and new ones, from when one is made on. */
    private final Map<TableSpec, TableSpec> equal = new HashMap<>();
    private final Map<List<Object>, Integer> sizes = new HashMap<>();
    private final Map<String, Boolean> limits = new HashMap<>();

    private record PoolKey(String upstream, Family family, String method) {}

    /** A pool and what it was made of, besides health and next hops. */
    private record Made(Pool pool, List<Member> members, MethodView view) {}

    private record MadeSpec(TableSpec spec, Pool pool) {}

    private record SpecKey(PoolKey pool, String algorithm, int size) {}

    /** Those of no plan. */
    static Pools none() {
        return new Pools();
    }

    private Pools() {
        this(Inventory.EMPTY, Map.of(), Set.of(), Health.UNKNOWN, PlaneView.NONE.nextHops(), KernelState.EMPTY, Set.of(), Map.of(), Map.of());
    }

    /**
     * @param inFile  how many servers the file gives to each upstream
     * @param limited addresses that have a limit of connections, in any upstream
     * @param applied what is in the kernel: a table that equals what is wanted is taken for it, so that a look tells that they do
     * @param before  of the plan before
     */
    Pools(Inventory inventory, Map<String, Integer> inFile, Set<Endpoint> limited, Health health, NextHops hops,
            KernelState applied, Pools before) {
        this(inventory, inFile, limited, health, hops, applied, touched(health, hops, before), before.pools, before.specs);
    }

    private static Set<Long> touched(Health health, NextHops hops, Pools before) {
        Set<Long> touched = new HashSet<>(health.differing(before.health));
        hops.differing(before.hops).forEach(key -> touched.add(key.group()));
        return touched;
    }

    private Pools(Inventory inventory, Map<String, Integer> inFile, Set<Endpoint> limited, Health health, NextHops hops,
            KernelState applied, Set<Long> touched, Map<PoolKey, Made> madeBefore, Map<SpecKey, MadeSpec> specsBefore) {
        this.inventory = inventory;
        this.inFile = inFile;
        this.limited = limited;
        this.health = health;
        this.hops = hops;
        this.applied = applied;
        this.touched = touched;
        this.madeBefore = madeBefore;
        this.specsBefore = specsBefore;
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

    Pool pool(String upstream, Family family, String method, MethodView view) {
        return pools.computeIfAbsent(new PoolKey(upstream, family, method), key -> made(key, view)).pool();
    }

    private Made made(PoolKey key, MethodView view) {
        List<Member> members = members(key.upstream());
        Made before = madeBefore.get(key);
        if (before != null && before.members() == members && before.view().equals(view)
                && (members.isEmpty() || !touched.contains(members.get(0).server().group()))) {
            return before;
        }
        Pool earlier = before == null ? Pool.NONE : before.pool();
        return new Made(Pool.of(earlier, members, key.family(), key.method(), view, health, hops), members, view);
    }

    /** Those that vips have asked for. */
    Collection<Pool> asked() {
        return pools.values().stream().map(Made::pool).toList();
    }

    /** The table of a vip of that upstream. @param configured its size as the file has it */
    TableSpec table(String upstream, Family family, String method, MethodView view, String algorithm, int configured) {
        int size = sizes.computeIfAbsent(List.of(upstream, configured), absent ->
                TableSize.of(configured, inFile.getOrDefault(upstream, 0), members(upstream).size()));
        SpecKey key = new SpecKey(new PoolKey(upstream, family, method), algorithm, size);
        return specs.computeIfAbsent(key, absent -> spec(key, pool(upstream, family, method, view))).spec();
    }

    private MadeSpec spec(SpecKey key, Pool pool) {
        MadeSpec before = specsBefore.get(key);
        if (before != null && before.pool() == pool) {
            return before;
        }
        if (equal.isEmpty()) {
            Set<TableSpec> objects = Collections.newSetFromMap(new IdentityHashMap<>());
            objects.addAll(applied.tables().values());
            objects.forEach(spec -> equal.put(spec, spec));
        }
        TableSpec spec = new TableSpec(key.algorithm(), key.size(), pool.weights());
        TableSpec same = equal.putIfAbsent(spec, spec);
        return new MadeSpec(same == null ? spec : same, pool);
    }
}
