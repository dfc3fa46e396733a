package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Which next hops were asked for, and for how long an answer may still be expected. Writer thread only. */
final class Resolution {
    /** Neighbour discovery usually answers in milliseconds; after this many nanoseconds nothing waits for it any more. */
    static final long GRACE = 1_500_000_000L;

    private final DataPlane plane;
    private final Map<BackendKey, Long> askedAt = new HashMap<>();
    private final Set<BackendKey> answered = new HashSet<>();

    Resolution(DataPlane plane) {
        this.plane = plane;
    }

    /** Asks for exactly these. @return true if one is new, so that {@link #now} has more to say */
    boolean ask(Set<BackendKey> wanted, long now) {
        if (askedAt.keySet().equals(wanted)) {
            return false;
        }
        boolean grows = !askedAt.keySet().containsAll(wanted);
        plane.resolve(Set.copyOf(wanted));
        askedAt.keySet().retainAll(wanted);
        answered.retainAll(wanted);
        wanted.forEach(key -> askedAt.putIfAbsent(key, now));
        return grows;
    }

    NextHops now(long now) {
        Map<BackendKey, String> unresolved = new HashMap<>(plane.unresolved());
        unresolved.keySet().retainAll(askedAt.keySet());
        Set<BackendKey> recent = new HashSet<>();
        askedAt.forEach((key, since) -> {
            if (!unresolved.containsKey(key)) {
                answered.add(key);
            } else if (!answered.contains(key) && now - since < GRACE) {
                recent.add(key);
            }
        });
        Set<BackendKey> unmet = new HashSet<>(unresolved.keySet());
        unmet.removeAll(answered);
        return new NextHops(askedAt.keySet(), unresolved, recent, unmet);
    }

    /** When the last grace of these ends. */
    OptionalLong graceEnds(Set<BackendKey> recent) {
        return recent.stream().mapToLong(key -> askedAt.get(key) + GRACE).max();
    }
}
