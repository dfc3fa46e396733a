package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Listener;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.health.internal.Shortages.Shortage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private final Roster roster = new Roster();
    private final Goodbyes goodbyes;
    private final Timers.Timer counting = timers.timer(() -> isToCount = true);
    private final Timers.Timer stalled = timers.timer(() -> {});
    private Listener listener = report -> {};
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
        this.goodbyes = new Goodbyes(timers, clock);
    }

    Tally tally() {
        return tally;
    }

    /** Replaces what is probed and who is told. */
    void obey(Order order) {
        long now = clock.getAsLong();
        listener = order.listener();
        List<Watched> moved = new ArrayList<>();
        Map<Target, HealthCheck> strangers = roster.compare(order, (watched, check) -> {
            if (change(watched, check, now)) {
                moved.add(watched);
            }
        }, this::drop);
        places.populate(roster.servers(), now);
        strangers.forEach((target, check) -> moved.add(welcome(target, check, now)));
        Spread.of(moved).forEach((watched, pause) -> schedule(watched, Math.max(watched.due() - now, pause) + now));
        count();
    }

    private Watched welcome(Target target, HealthCheck check, long now) {
        Watched watched = new Watched(target, check, places.lane(target.upstream()), numbers++, now);
        watched.timer(timers.timer(() -> ring(watched)));
        roster.add(watched);
        return watched;
    }

    /** Its end: neither timer nor socket is left. */
    private void drop(Watched watched) {
        watched.timer().cancel();
        places.leave(watched);
        watched.attempt().ifPresent(this::abandon);
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
        watched.timer().set(time);
    }

    /** It is due, or its probe has taken too long. */
    private void ring(Watched watched) {
        if (watched.attempt().isPresent()) {
            timeOut(watched.attempt().get());
            return;
        }
        watched.entered(clock.getAsLong());
        places.enter(watched);
    }

    /** Counts, twice a second while there is something to count. */
    private void count() {
        long now = clock.getAsLong();
        tally.take(now);
        isToCount = false;
        if (roster.isEmpty()) {
            counting.cancel();
        } else {
            counting.set(now + Tally.PAUSE);
        }
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
        while (places.taken() + goodbyes.count() > places.limit() && goodbyes.count() > 0) {
            goodbyes.endOldest();
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
        stalled.set(stalledUntil);
    }

    private void tell(Shortage shortage) {
        if (shortages.recent(clock.getAsLong()).isEmpty()) {
            LOG.warn("cannot probe tcp {} now: {}", shortage.server(), shortage.reason());
        }
        shortages.add(shortage, clock.getAsLong());
    }

    private void connect(Attempt attempt) {
        Watched watched = attempt.watched();
        try {
            attempt.line().connect(attempt.server());
            watched.attempt(Optional.of(attempt));
            watched.timer().set(watched.begun() + attempt.timeout().toNanos());
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
        watched.timer().set(clock.getAsLong() + retry);
    }

    /** Something has happened on its line. */
    void look(Attempt attempt) {
        if (attempt.decided()) {
            goodbyes.look(attempt);
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
    private void timeOut(Attempt attempt) {
        look(attempt);
        if (!attempt.decided()) {
            fail(attempt, "no answer within " + attempt.timeout().toMillis() + " ms");
        }
    }

    private void succeed(Attempt attempt) {
        decide(attempt);
        goodbyes.begin(attempt);
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

    private void result(Watched watched, Optional<String> failure) {
        boolean first = !watched.history().known();
        Optional<Report> news = watched.result(failure);
        Duration pause = Pace.next(watched.check(), watched.history(), first, chance.getAsDouble());
        schedule(watched, Pace.after(watched.due(), watched.begun(), pause));
        news.ifPresent(this::tell);
    }

    private void tell(Report report) {
        LOG.info("{}", words(report));
        try {
            listener.report(report);
        } catch (RuntimeException failure) {
            LOG.error("the listener of health reports failed for {}", report, failure);
        }
    }

    /** Not "down", which is a state of backends: one whose next hop was never known is resolving. */
    static String words(Report report) {
        String server = "tcp " + report.target().endpoint();
        return report.up() ? server + " passes its health check" : server + " fails its health check: " + report.reason();
    }
}
