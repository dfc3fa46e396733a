package io.loom.itests.bench;

/** The clock of the program's connection tables: a packet in a later tick than its connection's first one assures its place. */
final class Tick {
    /** Of 256 jiffies, 250 a second, and a little. */
    private static final long MILLISECONDS = 1100;

    private Tick() {
    }

    /** Returns in a later tick. */
    static void await() {
        try {
            Thread.sleep(MILLISECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a tick", stopped);
        }
    }
}
