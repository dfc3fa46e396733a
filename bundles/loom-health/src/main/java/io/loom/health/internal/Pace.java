package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import java.time.Duration;

/**
 * When the next probe of a server begins, counted from the begin of the last one. A silent server costs a whole timeout each
 * time; so that it is out within {@code interval * fall + 1 s} all the same, probes that follow a failure come a little
 * earlier where the timeout is above a second.
 */
final class Pace {
    private static final Duration ALLOWANCE = Duration.ofSeconds(1);

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
        Duration late = check.timeout().minus(ALLOWANCE);
        if (!falling || check.fall() < 2 || late.isNegative()) {
            return check.interval();
        }
        Duration hurried = check.interval().minus(late.dividedBy(check.fall() - 1));
        return hurried.compareTo(check.timeout()) > 0 ? hurried : check.timeout();
    }
}
