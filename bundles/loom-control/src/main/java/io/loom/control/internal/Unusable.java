package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.Problem;
import io.loom.api.control.BackendView.State;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Backends that get no new connections, by state: how many, and the first of them by name, since there may be thousands. */
final class Unusable {
    private static final List<State> STATES = List.of(State.DOWN, State.RESOLVING, State.DRAIN);
    private static final int NAMED = 3;

    private final int[] counts = new int[State.values().length];
    private final Map<State, List<Endpoint>> named = new EnumMap<>(State.class);

    void add(State state, Endpoint backend) {
        counts[state.ordinal()]++;
        List<Endpoint> first = named.computeIfAbsent(state, none -> new ArrayList<>(NAMED));
        if (first.size() < NAMED) {
            first.add(backend);
        }
    }

    /** Such as {@code 1 down (10.0.0.1:80), 5 drain (10.0.0.2:80, 10.0.0.3:80, 10.0.0.4:80 and 2 more)}. */
    @Override
    public String toString() {
        return STATES.stream().filter(named::containsKey).map(this::words).collect(Collectors.joining(", "));
    }

    private String words(State state) {
        int count = counts[state.ordinal()];
        return count + " " + state.name().toLowerCase(Locale.ROOT) + " (" + Problem.few(named.get(state), count, NAMED) + ")";
    }
}
