package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which endpoints get new connections, by the tables that are in force. A set that vips have in common is made once. One thread. */
final class Serving {
    /** Tables by number: to compare thousands of backends of equal tables, which are one object, would take long. */
    private final List<TableSpec> tables = new ArrayList<>();
    private final Map<String, Set<Integer>> tablesOf = new HashMap<>();
    private final Map<Set<Integer>, Set<Endpoint>> endpoints = new HashMap<>();
    /** Numbers of tables of vips that were asked for. */
    private final Map<List<Plan.VipPlan>, Set<Integer>> any = new IdentityHashMap<>();

    Serving(Map<TableKey, TableSpec> applied) {
        Map<TableSpec, Integer> numbers = new IdentityHashMap<>();
        applied.forEach((key, spec) -> tablesOf.computeIfAbsent(key.vip(), vip -> new HashSet<>())
                .add(numbers.computeIfAbsent(spec, this::number)));
    }

    private int number(TableSpec table) {
        tables.add(table);
        return tables.size() - 1;
    }

    /** Of a vip. */
    Set<Endpoint> by(String vip) {
        return endpoints(tablesOf.getOrDefault(vip, Set.of()));
    }

    /**
     * Whether at least one of these vips, which are always asked for by the same list, has it. The first question is answered by a look
     * through the tables: after a change there is no other.
     */
    boolean byAny(List<Plan.VipPlan> vips, Endpoint endpoint) {
        Set<Integer> together = any.get(vips);
        if (together != null) {
            return endpoints(together).contains(endpoint);
        }
        Set<Integer> numbers = new HashSet<>();
        vips.forEach(vip -> numbers.addAll(tablesOf.getOrDefault(vip.name(), Set.of())));
        any.put(vips, numbers);
        return numbers.stream().flatMap(number -> tables.get(number).weights().keySet().stream())
                .anyMatch(backend -> backend.endpoint().equals(endpoint));
    }

    private Set<Endpoint> endpoints(Set<Integer> numbers) {
        return endpoints.computeIfAbsent(numbers, absent -> {
            Set<Endpoint> found = new HashSet<>();
            numbers.forEach(number -> tables.get(number).weights().keySet().forEach(backend -> found.add(backend.endpoint())));
            return found;
        });
    }
}
