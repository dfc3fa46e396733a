package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Listener;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one selector thread of the health checks. New servers are probed at once; at most {@link #CONCURRENT} connections are
 * being opened at a time, the others queue.
 */
final class ProbeLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProbeLoop.class);
    private static final int CONCURRENT = 256;
    /** How long a server may take to close its side of a finished probe. */
    private static final Duration GOODBYE = Duration.ofMillis(500);
    /** How long {@link #close} waits for the thread, in milliseconds. */
    private static final long FAREWELL = 2_000;

    private record Order(Map<Target, HealthCheck> targets, Listener listener) {}

    private final Selector selector;
    private final Thread thread = new Thread(this::run, "loom-health");
    private final AtomicReference<Optional<Order>> order = new AtomicReference<>(Optional.empty());
    private volatile boolean closed;

    private final Timers timers = new Timers();
    private final Map<Target, Watched> all = new HashMap<>();
    private final Deque<Watched> queue = new ArrayDeque<>();
    private final Set<Attempt> connecting = new HashSet<>();
    private Listener listener = report -> {};

    ProbeLoop() {
        try {
            selector = Selector.open();
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot open a selector for health checks", failure);
        }
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Replaces what is probed and who is told. Any thread; of several orders the last one counts. */
    void watch(Map<Target, HealthCheck> targets, Listener next) {
        order.set(Optional.of(new Order(Map.copyOf(targets), next)));
        selector.wakeup();
    }

    private void run() {
        while (!closed) {
            try {
                selector.select(this::onEvent, timers.napMillis(System.nanoTime()));
                order.getAndSet(Optional.empty()).ifPresent(this::obey);
                timers.fire(System.nanoTime());
                startQueued();
            } catch (IOException | RuntimeException failure) {
                LOG.error("a round of health checks failed", failure);
                pause();
            }
        }
        release();
    }

    /** Keeps a failure that repeats from filling the log. */
    private void pause() {
        try {
            Thread.sleep(1_000);
        } catch (InterruptedException stopped) {
            closed = true;
        }
    }

    private void release() {
        List.copyOf(selector.keys()).forEach(key -> close((Attempt) key.attachment()));
        try {
            selector.close();
        } catch (IOException failure) {
            LOG.warn("the selector of the health checks did not close", failure);
        }
    }

    private void obey(Order next) {
        listener = next.listener();
        all.keySet().retainAll(next.targets().keySet());
        queue.removeIf(watched -> !current(watched));
        List.copyOf(connecting).stream().filter(attempt -> !current(attempt.watched())).forEach(this::abandon);
        next.targets().forEach((target, check) -> {
            Watched known = all.get(target);
            if (known == null) {
                Watched fresh = new Watched(target, check);
                all.put(target, fresh);
                queue.add(fresh);
            } else {
                known.check(check);
            }
        });
    }

    private boolean current(Watched watched) {
        return all.get(watched.target()) == watched;
    }

    private void abandon(Attempt attempt) {
        connecting.remove(attempt);
        attempt.decide();
        close(attempt);
    }

    private void startQueued() {
        while (connecting.size() < CONCURRENT && !queue.isEmpty()) {
            begin(queue.remove());
        }
    }

    private void begin(Watched watched) {
        long now = System.nanoTime();
        try {
            connect(Attempt.open(watched, now));
        } catch (IOException noSocket) {
            later(watched, now, noSocket);
        }
    }

    private void connect(Attempt attempt) {
        try {
            attempt.connect(selector);
            connecting.add(attempt);
            Duration timeout = attempt.watched().check().timeout();
            timers.schedule(attempt.begun() + timeout.toNanos(), () -> timeOut(attempt, timeout));
        } catch (BindException noPort) {
            close(attempt);
            later(attempt.watched(), attempt.begun(), noPort);
        } catch (IOException | RuntimeException failure) {
            close(attempt);
            result(attempt.watched(), attempt.begun(), Optional.of(Attempt.explain(failure)));
        }
    }

    /** This host lacks a socket or port: that is no verdict on the server. */
    private void later(Watched watched, long now, IOException shortage) {
        LOG.warn("cannot probe tcp {} now: {}", watched.probed(), Attempt.explain(shortage));
        timers.schedule(now + watched.check().interval().toNanos(), () -> again(watched));
    }

    private void onEvent(SelectionKey key) {
        Attempt attempt = (Attempt) key.attachment();
        if (!attempt.decided()) {
            look(attempt);
        } else if (attempt.ended()) {
            close(attempt);
        }
    }

    private void look(Attempt attempt) {
        try {
            if (attempt.connected()) {
                decide(attempt, Optional.empty());
                attempt.finish(selector);
                timers.schedule(System.nanoTime() + GOODBYE.toNanos(), () -> close(attempt));
            }
        } catch (IOException failure) {
            close(attempt);
            if (!attempt.decided()) {
                decide(attempt, Optional.of(Attempt.explain(failure)));
            }
        }
    }

    private void timeOut(Attempt attempt, Duration timeout) {
        if (!attempt.decided()) {
            close(attempt);
            decide(attempt, Optional.of("no answer within " + timeout.toMillis() + " ms"));
        }
    }

    private void decide(Attempt attempt, Optional<String> failure) {
        attempt.decide();
        connecting.remove(attempt);
        result(attempt.watched(), attempt.begun(), failure);
    }

    private void result(Watched watched, long begun, Optional<String> failure) {
        boolean first = !watched.history().known();
        Optional<Report> news = watched.result(failure);
        double chance = ThreadLocalRandom.current().nextDouble();
        Duration pause = Pace.next(watched.check(), watched.history(), first, chance);
        timers.schedule(begun + pause.toNanos(), () -> again(watched));
        news.ifPresent(this::tell);
    }

    private void again(Watched watched) {
        if (current(watched)) {
            queue.add(watched);
        }
    }

    private void tell(Report report) {
        LOG.info("tcp {} is {}{}", report.target().endpoint(), report.up() ? "up" : "down: ", report.reason());
        try {
            listener.report(report);
        } catch (RuntimeException failure) {
            LOG.error("the listener of health reports failed for {}", report, failure);
        }
    }

    private static void close(Attempt attempt) {
        attempt.close().ifPresent(failure -> LOG.debug("a probe's socket did not close", failure));
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(FAREWELL);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
