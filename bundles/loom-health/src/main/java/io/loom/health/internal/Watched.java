package io.loom.health.internal;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.health.internal.Lateness.Cause;
import java.util.Optional;

/** A server that is probed, with what its probes have shown and when the next one is due. Probing thread only. */
final class Watched {
    private final Target target;
    private final Lane lane;
    private final long number;
    private HealthCheck check;
    private History history = History.UNKNOWN;
    private long due;
    private long begun;
    private long entered;
    private boolean heldByHost;
    private Timers.Timer timer;
    private long wantedBy;
    private Optional<Attempt> attempt = Optional.empty();

    /**
     * @param number no other one's
     * @param due    when its first probe is
     */
    Watched(Target target, HealthCheck check, Lane lane, long number, long due) {
        this.target = target;
        this.check = check;
        this.lane = lane;
        this.number = number;
        this.due = due;
    }

    Target target() {
        return target;
    }

    /** Its upstream's. */
    Lane lane() {
        return lane;
    }

    long number() {
        return number;
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

    /** When the next probe should begin, or the present one should have. */
    long due() {
        return due;
    }

    void due(long time) {
        due = time;
    }

    /** Its own, which rings when it is due, and when a probe under way has taken too long. Given once. */
    void timer(Timers.Timer its) {
        timer = its;
    }

    Timers.Timer timer() {
        return timer;
    }

    /** The number of the last order that it was in. */
    long wantedBy() {
        return wantedBy;
    }

    void wantedBy(long order) {
        wantedBy = order;
    }

    /** Since when it waits for a place. */
    void entered(long time) {
        entered = time;
    }

    /** @param byHost this host had no port or neighbour for it */
    void held(boolean byHost) {
        heldByHost = byHost;
    }

    /** By how much its probe is late, were it to begin now, and what it waited for most. */
    Lateness.Delay delay(long now) {
        boolean places = now - entered > entered - due;
        return new Lateness.Delay(now - due, heldByHost ? Cause.SHORTAGE : places ? Cause.PLACES : Cause.THREAD);
    }

    /** When the last probe began. */
    long begun() {
        return begun;
    }

    void begun(long now) {
        begun = now;
    }

    /** The probe under way. */
    Optional<Attempt> attempt() {
        return attempt;
    }

    void attempt(Optional<Attempt> next) {
        attempt = next;
    }

    /** What the check connects to: the server, or another port of its host. */
    Endpoint probed() {
        return check.port().isEmpty() ? target.endpoint() : new Endpoint(target.endpoint().address(), check.port().getAsInt());
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
