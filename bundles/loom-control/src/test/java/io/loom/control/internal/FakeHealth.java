package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import java.util.Map;

/** Probes nothing; the test says what the probes saw. */
final class FakeHealth implements HealthReports {
    volatile Map<Target, HealthCheck> targets = Map.of();
    private volatile Listener listener = report -> {};

    @Override
    public void watch(Map<Target, HealthCheck> next, Listener told) {
        targets = next;
        listener = told;
    }

    void up(String address) {
        up("default", address);
    }

    void up(String upstream, String address) {
        listener.report(new Report(new Target(upstream, Fixtures.endpoint(address)), true, ""));
    }

    void down(String address) {
        down("default", address);
    }

    void down(String upstream, String address) {
        listener.report(new Report(new Target(upstream, Fixtures.endpoint(address)), false, "connection refused"));
    }
}
