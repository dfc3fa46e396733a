package io.loom.itests.lab;

import java.time.Duration;

/**
 * What the documentation promises in seconds. {@code ./loom test --full} holds the product to it, on a machine that has nothing
 * else to do; the default run waits for the state alone, ten times as long at most, as its machine may have other work.
 */
final class Figure {
    private static final int PATIENCE = Boolean.getBoolean("loom.full") ? 1 : 10;

    private Figure() {}

    static Duration within(Duration promised) {
        return promised.multipliedBy(PATIENCE);
    }
}
