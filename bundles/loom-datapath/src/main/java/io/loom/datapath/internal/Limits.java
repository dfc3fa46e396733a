package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.control.Telemetry.LimitUse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What is counted towards which limit: the connections of all listeners of a vip, and all that lead to one endpoint. */
final class Limits {
    private final Guards guards;
    private final Backends backends;

    Limits(Guards guards, Backends backends) {
        this.guards = guards;
        this.backends = backends;
    }

    /** What the program had opened when a count began. */
    record Opened(Map<Integer, Long> vips, Map<Integer, Long> backends) {
        boolean isEmpty() {
            return vips.isEmpty() && backends.isEmpty();
        }
    }

    Opened opened() {
        return new Opened(guards.limits().opened(), backends.limits().opened());
    }

    /** Takes over what a sweep has counted. */
    void counted(Opened before, OpenConnections open) {
        guards.counted(open);
        backends.counted(open);
        Map<Integer, Integer> vips = new HashMap<>();
        Map<String, Integer> numbers = guards.numbers();
        guards.limited().forEach((listener, vip) -> vips.merge(numbers.get(vip), open.ofListener(listener), Integer::sum));
        guards.limits().counted(before.vips(), number -> vips.getOrDefault(number, 0));
        Map<Integer, Endpoint> limited = backends.limitedAddresses();
        Map<Endpoint, Integer> endpoints = new HashMap<>();
        if (!limited.isEmpty()) {
            backends.byNumber().forEach((number, key) -> endpoints.merge(key.endpoint(), open.ofBackend(number), Integer::sum));
        }
        backends.limits().counted(before.backends(), slot -> endpoints.getOrDefault(limited.get(slot), 0));
    }

    List<LimitUse> uses() {
        List<LimitUse> uses = new ArrayList<>();
        guards.numbers().forEach((vip, number) -> uses.add(new LimitUse(
                LimitUse.Owner.VIP, vip, guards.limits().limit(number), guards.limits().open(number))));
        SortedMap<Endpoint, LimitUse> byEndpoint = new TreeMap<>();
        backends.limitedAddresses().forEach((slot, endpoint) -> byEndpoint.put(endpoint, new LimitUse(
                LimitUse.Owner.BACKEND, endpoint.toString(), backends.limits().limit(slot), backends.limits().open(slot))));
        uses.addAll(byEndpoint.values());
        return uses;
    }
}
