package io.loom.health.internal;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.util.Optional;

/** A server that is probed, with what its probes have shown. Selector thread only. */
final class Watched {
    private final Target target;
    private HealthCheck check;
    private History history = History.UNKNOWN;

    Watched(Target target, HealthCheck check) {
        this.target = target;
        this.check = check;
    }

    Target target() {
        return target;
    }

    HealthCheck check() {
        return check;
    }

    void check(HealthCheck next) {
        check = next;
    }

    History history() {
        return history;
    }

    /** What the check connects to: the server, or another port of its host. */
    Endpoint probed() {
        return new Endpoint(target.endpoint().address(), check.port().orElse(target.endpoint().port()));
    }

    /**
     * Takes a result.
     *
     * @param failure its reason; empty for a success
     * @return the report, if there is news
     */
    Optional<Report> result(Optional<String> failure) {
        History before = history;
        history = before.next(failure.isEmpty(), check);
        if (before.known() && before.up() == history.up()) {
            return Optional.empty();
        }
        String which = before.known() ? check.fall() + " of " + check.fall() + " probes" : "first probe";
        String reason = failure.map(text -> text + " (" + which + " of tcp " + probed() + ")").orElse("");
        return Optional.of(new Report(target, history.up(), reason));
    }
}
