package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Target;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.LayeredMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Backends that were removed and still have an entry in the kernel, for their connections: they are probed on, so that those of
 * one that dies need not wait for their timeout. Pure. A restart of the control plane forgets them.
 */
record Departed(Map<BackendKey.Server, Member> members) {
    static final Departed NONE = new Departed(Map.of());

    Departed {
        members = Map.copyOf(members);
    }

    /**
     * @param before what there was until now
     * @param now    what there is
     * @param kernel backends with an entry
     */
    Departed next(Inventory before, Inventory now, Set<BackendKey> kernel) {
        if (before == now && members.isEmpty()) {
            return this;
        }
        Map<BackendKey.Server, Member> next = new HashMap<>(members);
        next.keySet().removeIf(now.byServer()::containsKey);
        for (BackendKey.Server server : LayeredMap.differing(before.byServer(), now.byServer())) {
            if (!now.byServer().containsKey(server)) {
                next.put(server, before.byServer().get(server));
            }
        }
        if (!next.isEmpty()) {
            Set<String> methods = kernel.stream().map(BackendKey::method).collect(Collectors.toSet());
            next.keySet().removeIf(server -> methods.stream().noneMatch(method -> kernel.contains(new BackendKey(server, method))));
        }
        return next.equals(members) ? this : new Departed(next);
    }

    Optional<Member> member(BackendKey key) {
        return Optional.ofNullable(members.get(key.server()));
    }

    /** What must be probed because of them, besides these. */
    Map<Target, HealthCheck> with(Map<Target, HealthCheck> targets) {
        if (members.isEmpty()) {
            return targets;
        }
        Map<Target, Optional<HealthCheck>> more = new HashMap<>();
        members.values().stream().filter(member -> member.check().isPresent() && !targets.containsKey(member.target()))
                .forEach(member -> more.put(member.target(), member.check()));
        return LayeredMap.of(targets).with(more);
    }
}
