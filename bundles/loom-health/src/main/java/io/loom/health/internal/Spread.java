package io.loom.health.internal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * When probes begin that could all begin now: the first at once, and all within a second or an interval, so that ten thousand servers do
 * not get their packets in one burst. Upstreams take turns, lest a small one waits for a large one. Pure.
 */
final class Spread {
    /** Between two of few, in nanoseconds: 1 ms. */
    private static final long GAP = 1_000_000L;
    /** All of many: 1 s. */
    private static final long WHOLE = 1_000_000_000L;

    private Spread() {}

    /** @return the pause before each, in nanoseconds */
    static Map<Watched, Long> of(List<Watched> together) {
        Map<Watched, Long> pauses = new LinkedHashMap<>();
        if (together.isEmpty()) {
            return pauses;
        }
        Duration shortest = together.stream().map(watched -> watched.check().interval()).min(Duration::compareTo).get();
        long gap = Math.min(GAP, Math.min(WHOLE, shortest.toNanos()) / together.size());
        inTurns(together).forEach(watched -> pauses.put(watched, pauses.size() * gap));
        return pauses;
    }

    private static List<Watched> inTurns(List<Watched> together) {
        Map<String, Deque<Watched>> byUpstream = new TreeMap<>();
        together.forEach(watched ->
                byUpstream.computeIfAbsent(watched.lane().upstream(), absent -> new ArrayDeque<>()).add(watched));
        List<Watched> order = new ArrayList<>();
        while (!byUpstream.isEmpty()) {
            byUpstream.values().forEach(left -> order.add(left.remove()));
            byUpstream.values().removeIf(Deque::isEmpty);
        }
        return order;
    }
}
