package io.loom.datapath.internal;

import io.loom.control.dataplane.BackendKey;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Why which of the wanted backends have no next hop: one object as long as nothing of it changes. Thread-safe. */
final class Unresolved {
    private final NextHops nextHops;
    private volatile Set<BackendKey> wanted = Set.of();
    private volatile Look last = new Look(0, Set.of(), Map.of());

    Unresolved(NextHops nextHops) {
        this.nextHops = nextHops;
    }

    /** @param changes at which of {@link NextHops#changes} that was so */
    private record Look(int changes, Set<BackendKey> asked, Map<BackendKey, String> reasons) {}

    /** @return whether the next hop of any of them has not been looked up yet */
    boolean want(Set<BackendKey> keys) {
        wanted = Collections.unmodifiableSet(new HashSet<>(keys));
        return nextHops.want(keys.stream().map(key -> key.endpoint().address()).collect(Collectors.toSet()));
    }

    Map<BackendKey, String> reasons() {
        int now = nextHops.changes();
        Set<BackendKey> asked = wanted;
        Look look = last;
        if (look.changes() != now || look.asked() != asked) {
            Map<BackendKey, String> reasons = new TreeMap<>();
            asked.forEach(key -> nextHops.reason(key.endpoint().address()).ifPresent(reason -> reasons.put(key, reason)));
            look = new Look(now, asked, Collections.unmodifiableMap(reasons));
            last = look;
        }
        return look.reasons();
    }
}
