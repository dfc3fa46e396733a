package io.loom.datapath.internal;

import java.util.Set;

/** Numbers that connections and clients' affinities refer to, as a sweep found them. */
record References(Set<Integer> backends, Set<Integer> listeners) {
    References {
        backends = Set.copyOf(backends);
        listeners = Set.copyOf(listeners);
    }
}
