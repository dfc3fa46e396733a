package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Kernel entries of backends that are in no use any more, but may still have connections: they stay for {@link #DEADLINE},
 * then their numbers are retired. A restart begins the deadline anew.
 *
 * @param until when each is let go, in nanoseconds of the control plane's clock
 */
record Drains(Map<BackendKey, Long> until) {

    /** How long connections of a removed backend, or of a forwarding method that a vip no longer uses, can go on: 5 minutes. */
    static final long DEADLINE = 5 * 60 * 1_000_000_000L;

    /** What an entry that cannot be let go gets on top: 10 s. */
    private static final long LONGER = 10_000_000_000L;

    static final Drains NONE = new Drains(Map.of());

    Drains {
        until = Map.copyOf(until);
    }

    /**
     * @param leaving in the kernel, and in use no more
     * @param frozen  true: nothing is let go, as a table of unknown content may name it
     */
    Drains next(Set<BackendKey> leaving, boolean frozen, long now) {
        Map<BackendKey, Long> next = new TreeMap<>();
        leaving.forEach(key -> next.put(key, until.getOrDefault(key, now + DEADLINE)));
        if (frozen) {
            next.replaceAll((key, deadline) -> Math.max(deadline, now + LONGER));
        } else {
            next.values().removeIf(deadline -> deadline - now <= 0);
        }
        return new Drains(next);
    }

    Set<BackendKey> keys() {
        return new TreeSet<>(until.keySet());
    }

    OptionalLong earliest() {
        return until.values().stream().mapToLong(Long::longValue).min();
    }
}
