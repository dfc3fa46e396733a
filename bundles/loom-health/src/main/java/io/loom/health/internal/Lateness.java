package io.loom.health.internal;

/**
 * By how much probes of an upstream began too late, the worst of the last seconds, and why. Kept for two spans of time in turns, so that
 * one late probe is seen for one to two of them. Probing thread only; times in nanoseconds.
 */
final class Lateness {
    /** A span is at least this long, 10 s, and as long as two intervals of the checks. */
    static final long SPAN = 10_000_000_000L;

    /** Why a probe did not begin when it was due. */
    enum Cause { PLACES, SHORTAGE, THREAD }

    record Delay(long nanos, Cause cause) {
        static final Delay NONE = new Delay(0, Cause.THREAD);

        Delay worse(Delay other) {
            return other.nanos > nanos ? other : this;
        }

        boolean matters() {
            return nanos > Pace.SLACK.toNanos();
        }
    }

    private Delay before = Delay.NONE;
    private Delay now = Delay.NONE;
    private long until;
    private long longest;

    Lateness(long time) {
        until = time + SPAN;
    }

    /** @param interval between probes of the server */
    void add(Delay delay, long interval) {
        now = now.worse(delay);
        longest = Math.max(longest, interval);
    }

    /** The worst, as of a time. */
    Delay worst(long time) {
        if (time - until >= 0) {
            before = now;
            now = Delay.NONE;
            until = time + Math.max(SPAN, 2 * longest);
            longest = 0;
        }
        return before.worse(now);
    }
}
