package io.loom.itests.lab;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Bounded waiting. */
final class Await {
    private static final Duration STEP = Duration.ofMillis(20);

    private Await() {}

    /**
     * Until the condition holds.
     *
     * @param state what is there instead, for the message
     * @return how long it took
     * @throws AssertionError at the limit
     */
    static Duration until(String what, Duration limit, BooleanSupplier condition, Supplier<?> state) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > limit.toNanos()) {
                throw new AssertionError("not within " + limit.toMillis() + " ms: " + what + "; instead: " + state.get());
            }
            pause(STEP);
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
