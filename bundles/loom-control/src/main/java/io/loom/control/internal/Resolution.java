package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.LayeredSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/** Which next hops were asked for, and for how long an answer may still be expected. Writer thread only. */
final class Resolution {
    /** Neighbour discovery usually answers in milliseconds; after this many nanoseconds nothing waits for it any more. */
    static final long GRACE = 1_500_000_000L;

    private final DataPlane plane;
    private final Map<BackendKey, Long> askedAt = new HashMap<>();
    /** Those that have had no answer yet. */
    private final Set<BackendKey> waiting = new HashSet<>();
    private Set<BackendKey> asked = Set.of();
    private NextHops last = new NextHops(Set.of(), Map.of(), Set.of(), Set.of());

    Resolution(DataPlane plane) {
        this.plane = plane;
    }

    /** Asks for exactly these, which change no more. @return true if one is new, so that {@link #now} has more to say */
    boolean ask(Set<BackendKey> wanted, long now) {
        Set<BackendKey> changed = LayeredSet.differing(asked, wanted);
        if (changed.isEmpty()) {
            return false;
        }
        boolean grows = false;
        for (BackendKey key : changed) {
            if (wanted.contains(key)) {
                askedAt.put(key, now);
                waiting.add(key);
                grows = true;
            } else {
                askedAt.remove(key);
                waiting.remove(key);
            }
        }
        asked = wanted;
        plane.resolve(asked);
        return grows;
    }

    /** The same object as before, if it says the same. */
    NextHops now(long now) {
        Map<BackendKey, String> unresolved = new HashMap<>(plane.unresolved());
        unresolved.keySet().retainAll(asked);
        waiting.retainAll(unresolved.keySet());
        Set<BackendKey> recent = waiting.stream().filter(key -> now - askedAt.get(key) < GRACE).collect(Collectors.toSet());
        if (last.asked() != asked || !last.unresolved().equals(unresolved) || !last.recent().equals(recent) || !last.unmet().equals(waiting)) {
            last = new NextHops(asked, unresolved, recent, new HashSet<>(waiting));
        }
        return last;
    }

    /** When the last grace of these ends. */
    OptionalLong graceEnds(Set<BackendKey> recent) {
        return recent.stream().mapToLong(key -> askedAt.get(key) + GRACE).max();
    }
}
