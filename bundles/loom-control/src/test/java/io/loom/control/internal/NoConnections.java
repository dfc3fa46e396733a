package io.loom.control.internal;

import io.loom.api.control.Connections.State;
import io.loom.control.dataplane.TrackedConnections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Those of a kernel in memory, to which no packet comes. */
final class NoConnections implements TrackedConnections {
    @Override
    public Optional<Page> page(Wanted wanted, String after, int limit) {
        return after.isEmpty() ? Optional.of(new Page(List.of(), "")) : Optional.empty();
    }

    @Override
    public Map<State, Long> count(Wanted wanted) {
        return Map.of();
    }
}
