package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Latest health report of each watched server, and the one caller of {@link HealthReports}. While there is no such service,
 * what it last said holds. {@link #watch} belongs to the writer thread; services and reports come on any thread.
 */
final class HealthBoard {
    private final Map<Target, Report> reports = new ConcurrentHashMap<>();
    private final Runnable onReport;
    private volatile Optional<HealthReports> service = Optional.empty();
    private volatile Map<Target, HealthCheck> targets = Map.of();
    private Optional<HealthReports> watchedBy = Optional.empty();

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
        if (wanted.equals(targets) && current.equals(watchedBy)) {
            return;
        }
        targets = wanted;
        reports.keySet().retainAll(wanted.keySet());
        watchedBy = current;
        current.ifPresent(reporter -> reporter.watch(wanted, this::accept));
    }

    private void accept(Report report) {
        if (targets.containsKey(report.target())) {
            reports.put(report.target(), report);
            onReport.run();
        }
    }

    Map<Target, Report> reports() {
        return Map.copyOf(reports);
    }

    /** Watched servers without a first result. */
    int unreported() {
        return (int) targets.keySet().stream().filter(target -> !reports.containsKey(target)).count();
    }
}
