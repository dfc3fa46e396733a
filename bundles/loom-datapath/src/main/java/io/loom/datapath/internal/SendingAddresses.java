package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.NextHop;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Loom's addresses that entries of backends are sent to from, counted as entries come and go: each change asks for them. Not thread-safe. */
final class SendingAddresses {
    private final Map<InetAddress, Integer> entries = new HashMap<>();
    /** Until one comes or goes. */
    private Optional<Set<InetAddress>> all = Optional.empty();

    void add(BackendEntry entry) {
        entry.hop().map(NextHop::source).ifPresent(address -> {
            if (entries.merge(address, 1, Integer::sum) == 1) {
                all = Optional.empty();
            }
        });
    }

    /** @param entry null: there was none */
    void remove(BackendEntry entry) {
        Optional.ofNullable(entry).flatMap(BackendEntry::hop).map(NextHop::source).ifPresent(address -> {
            if (entries.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1) == null) {
                all = Optional.empty();
            }
        });
    }

    Set<InetAddress> all() {
        if (all.isEmpty()) {
            all = Optional.of(Set.copyOf(entries.keySet()));
        }
        return all.get();
    }
}
