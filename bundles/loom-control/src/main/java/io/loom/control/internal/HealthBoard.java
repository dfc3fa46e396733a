package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Latest health report of each watched server, and the one caller of {@link HealthReports}. While there is no such service,
 * what it last said holds. {@link #watch} belongs to the writer thread; services and reports come on any thread.
 */
final class HealthBoard {
    private final Runnable onReport;
    private volatile Optional<HealthReports> service = Optional.empty();
    private Optional<HealthReports> watchedBy = Optional.empty();

    private final Object lock = new Object();
    private final Map<Target, Report> reports = new HashMap<>();
    private Map<Target, HealthCheck> targets = Map.of();
    /** A copy of the reports, until there is another. */
    private Optional<Map<Target, Report>> seen = Optional.empty();

    HealthBoard(Runnable onReport) {
        this.onReport = onReport;
    }

    void bind(HealthReports next) {
        service = Optional.of(next);
        onReport.run();
    }

    void unbind(HealthReports gone) {
        if (service.filter(current -> current == gone).isPresent()) {
            service = Optional.empty();
            onReport.run();
        }
    }

    /** Has exactly these probed. Writer thread only. */
    void watch(Map<Target, HealthCheck> wanted) {
        Optional<HealthReports> current = service;
        synchronized (lock) {
            if (wanted.equals(targets) && current.equals(watchedBy)) {
                return;
            }
            targets = wanted;
            reports.keySet().retainAll(wanted.keySet());
            seen = Optional.empty();
        }
        watchedBy = current;
        current.ifPresent(reporter -> reporter.watch(wanted, this::accept));
    }

    private void accept(Report report) {
        synchronized (lock) {
            if (!targets.containsKey(report.target())) {
                return;
            }
            reports.put(report.target(), report);
            seen = Optional.empty();
        }
        onReport.run();
    }

    Map<Target, Report> reports() {
        synchronized (lock) {
            if (seen.isEmpty()) {
                seen = Optional.of(Collections.unmodifiableMap(new HashMap<>(reports)));
            }
            return seen.get();
        }
    }
}
