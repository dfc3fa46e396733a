package io.loom.datapath.internal;

import io.loom.api.Problem;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Timeouts that are shorter than clients are quiet: packets from the middle of connections that are not known any more, while connections
 * have been forgotten for being idle. Either alone means nothing: clients vanish, and packets of nobody's connections come after a
 * failover or from who looks for open ports. Told by the sweep, on one thread.
 */
final class Forgotten {
    /** So many packets within a minute are told of. */
    private static final long MANY = 10;
    private static final long MINUTE_NANOS = 60_000_000_000L;
    /** Who comes back within so long may have had a connection that was forgotten. */
    private static final long HOUR_NANOS = 60 * MINUTE_NANOS;
    /** Of enum loom_conn_state, with the key below ebpf.conntrack.tcp_timeouts. */
    private static final Map<Integer, String> KEYS = new TreeMap<>(Map.of(1, "established", 2, "fin_wait"));

    private final Deque<Seen> minute = new ArrayDeque<>();
    private final Map<Integer, Idle> idle = new TreeMap<>();

    private record Seen(long nanos, long packets) {}

    private record Idle(long count, long last) {}

    /**
     * @param idled   connections that the sweep has deleted, by the state in which they were idle for too long
     * @param unknown packets from the middle of unknown connections, ever
     * @param nanos   of a clock that only goes on
     */
    List<Problem> look(Map<Integer, Long> idled, long unknown, long nanos) {
        idle.values().removeIf(known -> nanos - known.last() > HOUR_NANOS);
        idled.forEach((state, count) -> {
            if (KEYS.containsKey(state) && count > 0) {
                idle.merge(state, new Idle(count, nanos), (former, now) -> new Idle(former.count() + count, nanos));
            }
        });
        while (minute.size() > 1 && nanos - minute.peek().nanos() > MINUTE_NANOS) {
            minute.remove();
        }
        minute.add(new Seen(nanos, unknown));
        long came = unknown - minute.peek().packets();
        return came < MANY ? List.of() : worst().map(state -> problem(came, state)).stream().toList();
    }

    private Optional<Integer> worst() {
        return idle.entrySet().stream().max(Map.Entry.comparingByValue((one, other) -> Long.compare(one.count(), other.count())))
                .map(Map.Entry::getKey);
    }

    private Problem problem(long came, int state) {
        String key = KEYS.get(state);
        return Problem.of("LOOM-1294", "connections are forgotten while their clients are only quiet",
                came + " packets within a minute were from the middle of connections that are not known, which ends them; "
                        + idle.get(state).count() + " connections were idle for longer than ebpf.conntrack.tcp_timeouts." + key + " in the last hour",
                "increase " + (state == 1 ? "ebpf.conntrack.timeout (or tcp_timeouts.established)" : "ebpf.conntrack.tcp_timeouts." + key)
                        + " beyond the longest pause, or have clients use TCP keepalive");
    }
}
