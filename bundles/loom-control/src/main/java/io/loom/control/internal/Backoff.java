package io.loom.control.internal;

/** When to try again after failures: after 0.1 s, then twice as long each time, up to 5 s. In nanoseconds. */
record Backoff(int failures, long retryAt) {
    private static final long FIRST = 100_000_000L;
    private static final long LONGEST = 5_000_000_000L;

    static final Backoff NONE = new Backoff(0, 0);

    Backoff failed(long now) {
        long delay = Math.min(LONGEST, FIRST << Math.min(failures, 10));
        return new Backoff(failures + 1, now + delay);
    }

    boolean blocks(long now) {
        return failures > 0 && retryAt - now > 0;
    }
}
