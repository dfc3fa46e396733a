package io.loom.health.internal;

import io.loom.api.Problem;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Listener;
import io.loom.api.control.HealthReports.Target;
import io.loom.api.control.Probing.Use;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread of the health checks: hands {@link Probes} the orders, what happens on the network, and the time. */
final class ProbeLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProbeLoop.class);
    /** How long {@link #close} waits for the thread, in milliseconds. */
    private static final long FAREWELL = 2_000;

    private final Network network;
    private final Probes probes;
    private final long pause;
    private final Thread thread = new Thread(this::run, "loom-health");
    private final AtomicReference<Optional<Order>> order = new AtomicReference<>(Optional.empty());
    private volatile Optional<Problem> broken = Optional.empty();
    private volatile boolean closed;

    /** @param pause after a round that failed, in milliseconds: keeps a failure that repeats from filling the log */
    ProbeLoop(Network network, Descriptors descriptors, long pause) {
        this.network = network;
        this.pause = pause;
        this.probes = new Probes(network, System::nanoTime, () -> ThreadLocalRandom.current().nextDouble(), descriptors);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Replaces what is probed and who is told. Any thread; of several orders the last one counts. */
    void watch(Map<Target, HealthCheck> targets, Listener next) {
        order.set(Optional.of(Order.of(targets, next)));
        network.wake();
    }

    /** Any thread. */
    Use use() {
        return probes.tally().use();
    }

    /** Those of this moment. Any thread. */
    List<Problem> problems() {
        List<Problem> all = new ArrayList<>(probes.tally().problems());
        broken.ifPresent(all::add);
        return all;
    }

    private void run() {
        while (!closed) {
            try {
                network.await(probes.napMillis(), probes::look);
                order.getAndSet(Optional.empty()).ifPresent(probes::obey);
                probes.proceed();
                broken = Optional.empty();
            } catch (IOException | RuntimeException failure) {
                LOG.error("a round of health checks failed", failure);
                broken = Optional.of(HealthProblem.broken(failure));
                rest();
            }
        }
        network.close();
    }

    private void rest() {
        try {
            Thread.sleep(pause);
        } catch (InterruptedException stopped) {
            closed = true;
        }
    }

    @Override
    public void close() {
        closed = true;
        network.wake();
        try {
            thread.join(FAREWELL);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
