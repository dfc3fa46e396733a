package io.loom.health.internal;

import io.loom.api.Problem;
import io.loom.health.internal.Shortages.Shortage;
import java.util.List;
import java.util.Locale;

/** Every problem of the health checks, in one place: LOOM-353x. Codes and meanings: docs/errors.md. */
final class HealthProblem {
    /** Upstreams that a message names, of many. */
    private static final int NAMED = 5;

    private HealthProblem() {}

    /**
     * @param upstreams the latest first
     * @param nanos     of the latest
     */
    static Problem late(List<String> upstreams, long nanos, String why, String fix) {
        String names = String.join(", ", upstreams.subList(0, Math.min(NAMED, upstreams.size())));
        int more = upstreams.size() - NAMED;
        return Problem.of(
                "LOOM-3530", String.format(Locale.ROOT, "health checks of upstream %s%s run up to %.1f s late",
                        names, more > 0 ? " and of " + more + " more" : "", nanos / 1e9), why, fix);
    }

    static String allPlacesTaken(Places places, Lane holder) {
        return String.format(Locale.ROOT, "all %d places for connections that are being opened are taken, %d of them by upstream %s with its %d servers",
                places.limit(), holder.open(), holder.upstream(), holder.servers());
    }

    static String morePlaces() {
        return "let loomd have more open files (LimitNOFILE, ulimit -n): half of them are places; or give that upstream a longer interval"
                + " or a shorter timeout";
    }

    static Problem shortage(Shortage shortage) {
        String fix = shortage.descriptors()
                ? "let loomd have more open files (LimitNOFILE, ulimit -n)"
                : "look at net.ipv4.ip_local_port_range, at net.ipv4.neigh.default.gc_thresh3 and its IPv6 twin, and at the host's memory";
        return Problem.of(
                "LOOM-3531", "this host cannot open connections for health checks, such as to tcp " + shortage.server(),
                shortage.reason() + "; servers keep their state meanwhile", fix);
    }

    static Problem broken(Exception failure) {
        return Problem.of(
                "LOOM-3532", "a round of health checks failed; it is tried again each second", Shortages.explain(failure),
                "please report it with the log");
    }
}
