package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.control.dataplane.LayeredMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Latest health report of each watched server, and the one caller of {@link HealthReports}. While there is no such service,
 * what it last said holds. {@link #watch} belongs to the writer thread; services and reports come on any thread.
 */
final class HealthBoard {
    private final Runnable onReport;
    private volatile Optional<HealthReports> service = Optional.empty();
    private Optional<HealthReports> watchedBy = Optional.empty();

    private final Object lock = new Object();
    private LayeredMap<Target, Report> reports = LayeredMap.empty();
    /** Reports since {@link #reports} was made; empty: its target is watched no more. */
    private final Map<Target, Optional<Report>> news = new HashMap<>();
    private Map<Target, HealthCheck> targets = Map.of();

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
            Set<Target> changed = LayeredMap.differing(targets, wanted);
            if (changed.isEmpty() && current.equals(watchedBy)) {
                return;
            }
            targets = wanted;
            changed.stream().filter(target -> !wanted.containsKey(target)).forEach(target -> news.put(target, Optional.empty()));
        }
        watchedBy = Optional.empty(); // until it knows of all of them: one that fails is told again
        current.ifPresent(reporter -> reporter.watch(wanted, this::accept));
        watchedBy = current;
    }

    private void accept(Report report) {
        synchronized (lock) {
            if (!targets.containsKey(report.target())) {
                return;
            }
            news.put(report.target(), Optional.of(report));
        }
        onReport.run();
    }

    /** The same object as before, if it says the same. */
    Map<Target, Report> reports() {
        synchronized (lock) {
            reports = reports.with(news);
            news.clear();
            return reports;
        }
    }
}
