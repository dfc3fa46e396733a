package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Target;
import io.loom.control.dataplane.BackendKey;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
        next.keySet().removeAll(now.byServer().keySet());
        if (before != now) {
            before.byServer().forEach((server, member) -> {
                if (!now.byServer().containsKey(server)) {
                    next.put(server, member);
                }
            });
        }
        if (!next.isEmpty()) {
            Set<BackendKey.Server> there = new HashSet<>();
            kernel.stream().map(BackendKey::server).filter(next::containsKey).forEach(there::add);
            next.keySet().retainAll(there);
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
        Map<Target, HealthCheck> all = new HashMap<>(targets);
        members.values().forEach(member -> member.check().ifPresent(check -> all.putIfAbsent(member.target(), check)));
        return Collections.unmodifiableMap(all);
    }
}
