package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.LayeredMap;
import io.loom.control.dataplane.LayeredSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What is known of next hops at one moment. Who makes one gives the sets away.
 *
 * @param asked      backends that the data plane was asked to resolve
 * @param unresolved of those, the ones without a next hop, with the reason
 * @param recent     of {@code unresolved}, those asked for so recently that an answer is to be expected
 * @param unmet      of {@code unresolved}, those whose next hop was never known
 */
record NextHops(
        Set<BackendKey> asked, Map<BackendKey, String> unresolved, Set<BackendKey> recent, Set<BackendKey> unmet) {

    NextHops {
        asked = LayeredSet.unmodifiable(asked);
        unresolved = Collections.unmodifiableMap(unresolved);
        recent = Collections.unmodifiableSet(recent);
        unmet = Collections.unmodifiableSet(unmet);
    }

    /** Backends of which another moment may say something else. */
    Set<BackendKey> differing(NextHops other) {
        Set<BackendKey> differing = new HashSet<>(LayeredSet.differing(asked, other.asked));
        differing.addAll(LayeredMap.differing(unresolved, other.unresolved));
        differing.addAll(LayeredSet.differing(recent, other.recent));
        differing.addAll(LayeredSet.differing(unmet, other.unmet));
        return differing;
    }

    boolean known(BackendKey key) {
        return asked.contains(key) && !unresolved.containsKey(key);
    }

    /** True if the next hop is not known, but may be in a moment. */
    boolean expected(BackendKey key) {
        return !asked.contains(key) || recent.contains(key);
    }
}
