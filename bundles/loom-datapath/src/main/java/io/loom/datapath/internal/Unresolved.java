package io.loom.datapath.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.LayeredSet;
import java.net.InetAddress;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Why which of the wanted backends have no next hop: one object as long as nothing of it changes. Thread-safe. */
final class Unresolved {
    private final NextHops nextHops;
    private volatile LayeredSet<BackendKey> wanted = LayeredSet.empty();
    /** How many of the wanted backends have each address. */
    private final Map<InetAddress, Integer> addresses = new HashMap<>();
    private volatile Look last = new Look(0, Set.of(), Map.of());

    Unresolved(NextHops nextHops) {
        this.nextHops = nextHops;
    }

    /** @param changes at which of {@link NextHops#changes} that was so */
    private record Look(int changes, Set<BackendKey> asked, Map<BackendKey, String> reasons) {}

    /** @return whether the next hop of any of them has not been looked up yet */
    synchronized boolean want(Set<BackendKey> keys) {
        LayeredSet<BackendKey> next = LayeredSet.of(keys);
        Map<InetAddress, Boolean> changes = new HashMap<>();
        LayeredSet.differing(wanted, next).forEach(key -> {
            InetAddress address = key.endpoint().address();
            int count = addresses.merge(address, next.contains(key) ? 1 : -1, Integer::sum);
            changes.put(address, count > 0);
            addresses.remove(address, 0);
        });
        wanted = next;
        return nextHops.want(changes);
    }

    Map<BackendKey, String> reasons() {
        int now = nextHops.changes();
        Set<BackendKey> asked = wanted;
        Look look = last;
        if (look.changes() != now || look.asked() != asked) {
            Map<BackendKey, String> reasons = new TreeMap<>();
            if (!nextHops.allKnown()) {
                asked.forEach(key -> nextHops.reason(key.endpoint().address()).ifPresent(reason -> reasons.put(key, reason)));
            }
            look = new Look(now, asked, Collections.unmodifiableMap(reasons));
            last = look;
        }
        return look.reasons();
    }
}
