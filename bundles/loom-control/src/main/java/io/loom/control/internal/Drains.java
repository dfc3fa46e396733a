package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Kernel entries of backends that are in no use any more, but may still have connections: they stay for {@link #DEADLINE},
 * then their numbers are retired. A restart begins the deadline anew.
 *
 * @param until when each is let go, in nanoseconds of the control plane's clock; of one whose time is over too, until it is out of the kernel
 * @param now   when that was looked at
 */
record Drains(Map<BackendKey, Long> until, long now) {

    /** How long connections of a removed backend, or of a forwarding method that a vip no longer uses, can go on: 5 minutes. */
    static final long DEADLINE = 5 * 60 * 1_000_000_000L;

    /** What an entry that cannot be let go gets on top: 10 s. */
    private static final long LONGER = 10_000_000_000L;

    static final Drains NONE = new Drains(Map.of(), 0);

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
        }
        return new Drains(next, now);
    }

    /** Those that stay. */
    Set<BackendKey> keys() {
        Set<BackendKey> keys = new TreeSet<>();
        lasting().forEach(entry -> keys.add(entry.getKey()));
        return keys;
    }

    /** When the first of them is let go. */
    OptionalLong earliest() {
        return lasting().mapToLong(Map.Entry::getValue).min();
    }

    private Stream<Map.Entry<BackendKey, Long>> lasting() {
        return until.entrySet().stream().filter(entry -> entry.getValue() - now > 0);
    }
}
