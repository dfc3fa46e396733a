package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Probes nothing; the test says what the probes saw. */
final class FakeHealth implements HealthReports {
    volatile Map<Target, HealthCheck> targets = Map.of();
    /** Latest reports of those that are watched; one that was not meanwhile has none. */
    final Map<Target, Report> told = new ConcurrentHashMap<>();
    private volatile Listener listener = report -> {};

    @Override
    public void watch(Map<Target, HealthCheck> next, Listener listening) {
        targets = next;
        listener = listening;
        told.keySet().retainAll(next.keySet());
    }

    void up(String address) {
        up("default", address);
    }

    void up(String upstream, String address) {
        tell(new Report(new Target(upstream, Fixtures.endpoint(address)), true, ""));
    }

    void down(String address) {
        down("default", address);
    }

    void down(String upstream, String address) {
        tell(new Report(new Target(upstream, Fixtures.endpoint(address)), false, "connection refused"));
    }

    void tell(Report report) {
        told.put(report.target(), report);
        listener.report(report);
    }
}
