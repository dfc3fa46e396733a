package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PluginCallTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CALLS = 200;

    private static <T> PluginCall<T> start(Callable<T> code) {
        return PluginCall.start("says something", code, () -> { });
    }

    private static <T> T value(PluginCall<T> call) {
        return call.await(PATIENCE).orElseThrow().value().orElseThrow();
    }

    @Test
    void callsOneAfterTheOtherHaveThreadsInCommonAndNamesOfTheirOwn() {
        Set<Thread> threads = new HashSet<>();
        for (int i = 0; i < CALLS; i++) {
            Thread thread = value(start(() -> {
                assertEquals("loom-plugin says something", Thread.currentThread().getName());
                return Thread.currentThread();
            }));
            threads.add(thread);
            assertTrue(thread.isDaemon());
        }
        assertTrue(threads.size() < CALLS / 2, threads.size() + " threads");
    }

    @Test
    void whoIsInterruptedLateOrLeavesAnInterruptionBehindDisturbsNoOther() {
        for (int i = 0; i < CALLS; i++) {
            PluginCall<Boolean> first = start(() -> {
                Thread.currentThread().interrupt();
                return true;
            });
            assertTrue(value(first));
            PluginCall<Boolean> second = start(() -> {
                for (int spin = 0; spin < 1_000 && !Thread.currentThread().isInterrupted(); spin++) {
                    Thread.onSpinWait();
                }
                return Thread.currentThread().isInterrupted();
            });
            first.interrupt();
            assertFalse(value(second));
        }
    }

    @Test
    void anInterruptionReachesTheCallHoweverEarlyItComes() {
        for (int i = 0; i < CALLS; i++) {
            PluginCall<Boolean> call = start(() -> {
                new CountDownLatch(1).await();
                return true;
            });
            call.interrupt();
            assertEquals(Optional.of("java.lang.InterruptedException"), call.await(PATIENCE).map(PluginCall.Outcome::failure));
        }
    }
}
