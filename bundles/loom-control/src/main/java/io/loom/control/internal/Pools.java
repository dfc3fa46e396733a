package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.config.TableSize;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.TableSpec;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * What vips have in common at one moment, computed when the first of them asks: a thousand vips of one upstream cost what one does.
 * Tables of equal content are one object here, by which the data plane recognizes what it can share. One plan uses it, on one thread.
 */
final class Pools {
    private final Inventory inventory;
    private final Map<String, Integer> inFile;
    private final Set<Endpoint> limited;
    private final Health health;
    private final NextHops hops;
    private final Set<String> methods;
    private final Map<PoolKey, Pool> pools = new HashMap<>();
    private final Map<SpecKey, TableSpec> specs = new HashMap<>();
    private final Map<TableSpec, TableSpec> equal = new HashMap<>();
    private final Map<List<Object>, Integer> sizes = new HashMap<>();
    private final Map<String, Boolean> limits = new HashMap<>();

    private record PoolKey(String upstream, Family family, String method) {}

    private record SpecKey(PoolKey pool, String algorithm, int size) {}

    /**
     * @param inFile  how many servers the file gives to each upstream
     * @param limited addresses that have a limit of connections, in any upstream
     * @param applied what is in the kernel: a table that equals what is wanted is taken for it, so that a look tells that they do
     */
    Pools(Inventory inventory, Map<String, Integer> inFile, Set<Endpoint> limited, Health health, NextHops hops,
            KernelState applied) {
        this.inventory = inventory;
        this.inFile = inFile;
        this.limited = limited;
        this.health = health;
        this.hops = hops;
        Set<TableSpec> objects = Collections.newSetFromMap(new IdentityHashMap<>());
        objects.addAll(applied.tables().values());
        objects.forEach(spec -> equal.put(spec, spec));
        this.methods = applied.backends().stream().map(BackendKey::method).collect(Collectors.toSet());
    }

    List<Member> members(String upstream) {
        return inventory.of(upstream);
    }

    /** Whether some backend in the kernel is reached by it. */
    boolean inUse(String method) {
        return methods.contains(method);
    }

    /** Whether some backend of the upstream has a limit. */
    boolean limited(String upstream) {
        return limits.computeIfAbsent(upstream, absent ->
                !limited.isEmpty() && members(absent).stream().map(Member::endpoint).anyMatch(limited::contains));
    }

    Pool pool(String upstream, Family family, String method, MethodView view) {
        return pools.computeIfAbsent(new PoolKey(upstream, family, method), absent ->
                Pool.of(BackendKey.group(upstream), members(upstream), family, method, view, health, hops));
    }

    /** The table of a vip of that upstream. @param configured its size as the file has it */
    TableSpec table(String upstream, Family family, String method, MethodView view, String algorithm, int configured) {
        int size = sizes.computeIfAbsent(List.of(upstream, configured), absent ->
                TableSize.of(configured, inFile.getOrDefault(upstream, 0), members(upstream).size()));
        SpecKey key = new SpecKey(new PoolKey(upstream, family, method), algorithm, size);
        return specs.computeIfAbsent(key, absent -> {
            SortedMap<BackendKey, Integer> weights = pool(upstream, family, method, view).weights();
            TableSpec spec = new TableSpec(algorithm, size, weights);
            TableSpec same = equal.putIfAbsent(spec, spec);
            return same == null ? spec : same;
        });
    }
}
