package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import java.time.Duration;

/**
 * When the next probe of a server begins, counted from when the last one was due. A silent server costs a whole timeout each
 * time; so that it is out within {@code interval * fall + 1 s} all the same, probes that follow a failure come a little
 * earlier where the timeout leaves less than {@link #SLACK} of the second.
 */
final class Pace {
    /** By so much a probe may begin too late without anybody being told. */
    static final Duration SLACK = Duration.ofMillis(250);
    private static final Duration ALLOWANCE = Duration.ofSeconds(1).minus(SLACK);

    private Pace() {}

    /**
     * @param history after the last probe
     * @param chance  0 to 1: shortens the pause after the first probe by up to a half, to spread servers over time
     * @param first   true after the first probe of the server
     */
    static Duration next(HealthCheck check, History history, boolean first, double chance) {
        if (first) {
            return Duration.ofNanos((long) (check.interval().toNanos() * (1 - chance / 2)));
        }
        boolean falling = history.up() && history.against() > 0;
        if (!falling || check.fall() < 2 || check.timeout().compareTo(ALLOWANCE) < 0) {
            return check.interval();
        }
        Duration late = check.timeout().minus(ALLOWANCE);
        Duration hurried = check.interval().minus(late.dividedBy(check.fall() - 1));
        return hurried.compareTo(check.timeout()) > 0 ? hurried : check.timeout();
    }

    /**
     * When that is, for one that began late: the time is made up for, but half a pause is left, lest a host that slept takes servers
     * down by probes in a row.
     */
    static long after(long due, long begun, Duration pause) {
        long wanted = due + pause.toNanos();
        long earliest = begun + pause.toNanos() / 2;
        return wanted - earliest > 0 ? wanted : earliest;
    }
}
