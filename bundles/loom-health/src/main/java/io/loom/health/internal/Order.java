package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Listener;
import io.loom.api.control.HealthReports.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What is to be probed, how, and who is told. Two lists, as whoever asks waits for the copy: that of a map of ten thousand takes
 * ten times as long.
 *
 * @param checks of the targets, in their order
 */
record Order(List<Target> targets, List<HealthCheck> checks, Listener listener) {

    static Order of(Map<Target, HealthCheck> targets, Listener listener) {
        List<Target> copied = new ArrayList<>(targets.size());
        List<HealthCheck> checks = new ArrayList<>(targets.size());
        targets.forEach((target, check) -> {
            copied.add(target);
            checks.add(check);
        });
        return new Order(copied, checks, listener);
    }
}
