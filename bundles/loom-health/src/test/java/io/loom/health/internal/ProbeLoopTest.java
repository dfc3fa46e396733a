package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Target;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The thread: what fails is told while it fails, orders are not lost, and it ends. */
@Timeout(60)
class ProbeLoopTest {
    private static final HealthCheck CHECK = Rig.check(60_000, 1_000, 2, 3);

    /** Refuses every connection at once, and fails to wait as often as it is told to. */
    private static final class Failing implements Network {
        final AtomicInteger failures = new AtomicInteger();
        final AtomicInteger waits = new AtomicInteger();
        final AtomicInteger closed = new AtomicInteger();
        final Semaphore awake = new Semaphore(0);

        @Override
        public Line line(Attempt owner) {
            return new Line() {
                @Override
                public void connect(Endpoint server) throws IOException {
                    throw new IOException("refused");
                }

                @Override
                public boolean connected() {
                    return false;
                }

                @Override
                public void finish() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public boolean ended() {
                    return true;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void await(long millis, Consumer<Attempt> told) throws IOException {
            waits.incrementAndGet();
            if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new IOException("no selector");
            }
            try {
                awake.tryAcquire(millis == 0 ? Integer.MAX_VALUE : millis, TimeUnit.MILLISECONDS);
            } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
            }
        }

        @Override
        public void wake() {
            awake.release();
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    private final Failing network = new Failing();
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private ProbeLoop loop;

    private void start(long pause) {
        loop = new ProbeLoop(network, () -> 1_000, pause);
        loop.start();
    }

    @AfterEach
    void stop() {
        loop.close();
    }

    private static void await(BooleanSupplier state) throws InterruptedException {
        while (!state.getAsBoolean()) {
            Thread.sleep(5);
        }
    }

    private Map<Target, HealthCheck> one(String upstream) {
        return Map.of(Rig.target(upstream, "10.0.0.1"), CHECK);
    }

    @Test
    void aRoundThatFailsIsToldWhileItDoesAndTheOrderIsObeyedAfterIt() throws Exception {
        network.failures.set(Integer.MAX_VALUE);
        start(1);
        await(() -> loop.problems().stream().map(Object::toString).toList().equals(List.of(
                "LOOM-3532 a round of health checks failed; it is tried again each second: no selector; please report it with the log")));
        loop.watch(one("a"), report -> told.add(report.target().upstream() + " " + report.up() + " " + report.reason()));
        await(() -> network.waits.get() > 10);
        assertTrue(told.isEmpty());
        network.failures.set(0);
        assertEquals("a false refused (first probe of tcp 10.0.0.1:80)", told.take());
        await(() -> loop.problems().isEmpty());
        assertEquals(500, loop.use().places());
        assertEquals("a", loop.use().upstreams().get(0).upstream());
    }

    @Test
    void failuresDoNotFillTheLog() throws Exception {
        network.failures.set(Integer.MAX_VALUE);
        start(1_000);
        await(() -> !loop.problems().isEmpty());
        Thread.sleep(100);
        assertEquals(1, network.waits.get());
    }

    @Test
    void itEndsAndClosesTheNetworkOnce() throws Exception {
        start(60_000);
        await(() -> network.waits.get() > 0);
        loop.close();
        assertEquals(1, network.closed.get());
        assertTrue(Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("loom-health") && thread.isAlive()));
        loop.close();
        assertEquals(1, network.closed.get());
    }

    @Test
    void theThreadHoldsNobodysEndUp() throws Exception {
        start(1);
        await(() -> network.waits.get() > 0);
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("loom-health")).allMatch(Thread::isDaemon));
    }
}
