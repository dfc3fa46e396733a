package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Listener;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.health.internal.Shortages.Shortage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is probed, when, and what came of it. Whoever is due waits in its upstream's {@link Lane} for one of the {@link Places}. Told
 * the time and what happens on the network, it never waits itself. One thread.
 */
final class Probes {
    private static final Logger LOG = LoggerFactory.getLogger(Probes.class);
    /** How long a server may take to close its side of a finished probe: 500 ms. */
    static final long GOODBYE = 500_000_000L;
    /** For so long nothing is begun after the host had no descriptor: 100 ms. */
    static final long STALL = 100_000_000L;
    /** How long a server waits that this host has no port or neighbour for, or its interval if that is less: 1 s. */
    static final long RETRY = 1_000_000_000L;

    private final Network network;
    private final LongSupplier clock;
    private final DoubleSupplier chance;
    private final Timers timers = new Timers();
    private final Places places = new Places();
    private final Shortages shortages = new Shortages();
    private final Tally tally;
    private final Map<Target, Watched> all = new HashMap<>();
    /** Those that wait for the server's goodbye, the oldest first. They hold descriptors, but no place: they give way. */
    private final Set<Attempt> leaving = new LinkedHashSet<>();
    private Listener listener = report -> {};
    private Optional<Timers.Timer> counting = Optional.empty();
    private boolean isToCount;
    private long numbers;
    private long stalledUntil;

    /**
     * @param clock  nanoseconds from any origin
     * @param chance 0 to 1
     */
    Probes(Network network, LongSupplier clock, DoubleSupplier chance, Descriptors descriptors) {
        this.network = network;
        this.clock = clock;
        this.chance = chance;
        this.stalledUntil = clock.getAsLong();
        this.tally = new Tally(places, shortages, descriptors);
    }

    Tally tally() {
        return tally;
    }

    /** Replaces what is probed and who is told. */
    void obey(Map<Target, HealthCheck> targets, Listener next) {
        long now = clock.getAsLong();
        listener = next;
        all.values().removeIf(watched -> !targets.containsKey(watched.target()) && drop(watched));
        Map<String, Integer> servers = new HashMap<>();
        targets.keySet().forEach(target -> servers.merge(target.upstream(), 1, Integer::sum));
        places.populate(servers, now);
        List<Watched> moved = new ArrayList<>();
        targets.forEach((target, check) -> {
            Watched known = all.get(target);
            if (known == null) {
                Watched fresh = new Watched(target, check, places.lane(target.upstream()), numbers++, now);
                all.put(target, fresh);
                moved.add(fresh);
            } else if (!known.check().equals(check) && change(known, check, now)) {
                moved.add(known);
            }
        });
        Spread.of(moved).forEach((watched, pause) -> schedule(watched, Math.max(watched.due() - now, pause) + now));
        count();
    }

    /** Its end: neither timer nor socket is left. */
    private boolean drop(Watched watched) {
        watched.unschedule();
        places.leave(watched);
        watched.attempt().ifPresent(this::abandon);
        return true;
    }

    private void abandon(Attempt attempt) {
        attempt.watched().attempt(Optional.empty());
        places.release(attempt.watched().lane());
        attempt.close();
    }

    /** @return true if its next probe is due at another time than before */
    private boolean change(Watched watched, HealthCheck check, long now) {
        boolean elsewhere = !watched.check().port().equals(check.port());
        boolean otherTimes = !watched.check().interval().equals(check.interval());
        watched.check(check);
        if (elsewhere) {
            watched.attempt().ifPresent(this::abandon);
        }
        if (places.waits(watched) || watched.attempt().isPresent() || !elsewhere && !otherTimes) {
            return false;
        }
        long next = watched.begun() + Pace.next(check, watched.history(), false, 0).toNanos();
        watched.due(elsewhere || !watched.history().known() ? now : next);
        return true;
    }

    private void schedule(Watched watched, long time) {
        watched.due(time);
        watched.held(false);
        watched.rings(timers.schedule(time, () -> enter(watched)));
    }

    private void enter(Watched watched) {
        watched.entered(clock.getAsLong());
        places.enter(watched);
    }

    /** Counts, twice a second while there is something to count. */
    private void count() {
        counting.ifPresent(Timers.Timer::cancel);
        long now = clock.getAsLong();
        tally.take(now);
        counting = all.isEmpty() ? Optional.empty() : Optional.of(timers.schedule(now + Tally.PAUSE, () -> isToCount = true));
        isToCount = false;
    }

    /** How long to wait for the network until {@link #proceed} has something to do, in milliseconds; 0: for ever. */
    long napMillis() {
        return timers.napMillis(clock.getAsLong());
    }

    /** Does what is due. */
    void proceed() {
        timers.fire(clock.getAsLong());
        if (clock.getAsLong() - stalledUntil >= 0) {
            start();
        }
        if (isToCount) {
            count();
        }
    }

    private void start() {
        Optional<Watched> next = places.next();
        while (next.isPresent() && begin(next.get())) {
            next = places.next();
        }
    }

    /** @return false if this host has no socket, so that others need not be tried either */
    private boolean begin(Watched watched) {
        while (places.taken() + leaving.size() > places.limit() && !leaving.isEmpty()) {
            close(leaving.iterator().next());
        }
        try {
            Attempt attempt = new Attempt(watched, network);
            long now = clock.getAsLong();
            watched.lane().lateness().add(watched.delay(now), watched.check().interval().toNanos());
            watched.begun(now);
            connect(attempt);
            return true;
        } catch (IOException noSocket) {
            stall(watched, noSocket);
            return false;
        }
    }

    /** The host has no more descriptors: what we have must do for a while, lest one upstream has all of them; goodbyes end for the next one. */
    private void stall(Watched watched, IOException noSocket) {
        long now = clock.getAsLong();
        places.release(watched.lane());
        places.enter(watched);
        tell(new Shortage(Shortages.explain(noSocket), watched.probed(), true));
        tally.atMost(places.taken(), now);
        stalledUntil = now + STALL;
        timers.schedule(stalledUntil, () -> {});
    }

    private void tell(Shortage shortage) {
        if (shortages.recent(clock.getAsLong()).isEmpty()) {
            LOG.warn("cannot probe tcp {} now: {}", shortage.server(), shortage.reason());
        }
        shortages.add(shortage, clock.getAsLong());
    }

    private void connect(Attempt attempt) {
        Watched watched = attempt.watched();
        Duration timeout = watched.check().timeout();
        try {
            attempt.line().connect(attempt.server());
            watched.attempt(Optional.of(attempt));
            attempt.endsBy(timers.schedule(watched.begun() + timeout.toNanos(), () -> timeOut(attempt, timeout)));
        } catch (IOException | RuntimeException failure) {
            places.release(watched.lane());
            attempt.close();
            if (Shortages.is(failure)) {
                later(watched, failure);
            } else {
                result(watched, Optional.of(Shortages.explain(failure)));
            }
        }
    }

    /** This host lacks a port, or room for a neighbour: that is no verdict on the server. */
    private void later(Watched watched, Exception shortage) {
        tell(new Shortage(Shortages.explain(shortage), watched.probed(), false));
        long retry = Math.min(RETRY, watched.check().interval().toNanos());
        watched.held(true);
        watched.rings(timers.schedule(clock.getAsLong() + retry, () -> enter(watched)));
    }

    /** Something has happened on its line. */
    void look(Attempt attempt) {
        if (attempt.decided()) {
            if (attempt.line().ended()) {
                close(attempt);
            }
            return;
        }
        try {
            if (attempt.line().connected()) {
                succeed(attempt);
            }
        } catch (IOException failure) {
            fail(attempt, Shortages.explain(failure));
        }
    }

    /** What has happened meanwhile counts, so that a process that stood still takes nobody down. */
    private void timeOut(Attempt attempt, Duration timeout) {
        look(attempt);
        if (!attempt.decided()) {
            fail(attempt, "no answer within " + timeout.toMillis() + " ms");
        }
    }

    private void succeed(Attempt attempt) {
        decide(attempt);
        leaving.add(attempt);
        try {
            attempt.line().finish();
            attempt.endsBy(timers.schedule(clock.getAsLong() + GOODBYE, () -> close(attempt)));
        } catch (IOException broken) {
            close(attempt);
        }
        result(attempt.watched(), Optional.empty());
    }

    private void fail(Attempt attempt, String reason) {
        decide(attempt);
        attempt.close();
        result(attempt.watched(), Optional.of(reason));
    }

    private void decide(Attempt attempt) {
        attempt.decide();
        attempt.watched().attempt(Optional.empty());
        places.release(attempt.watched().lane());
    }

    private void close(Attempt attempt) {
        leaving.remove(attempt);
        attempt.close();
    }

    private void result(Watched watched, Optional<String> failure) {
        boolean first = !watched.history().known();
        Optional<Report> news = watched.result(failure);
        Duration pause = Pace.next(watched.check(), watched.history(), first, chance.getAsDouble());
        schedule(watched, Pace.after(watched.due(), watched.begun(), pause));
        news.ifPresent(this::tell);
    }

    private void tell(Report report) {
        LOG.info("tcp {} is {}{}", report.target().endpoint(), report.up() ? "up" : "down: ", report.reason());
        try {
            listener.report(report);
        } catch (RuntimeException failure) {
            LOG.error("the listener of health reports failed for {}", report, failure);
        }
    }
}
