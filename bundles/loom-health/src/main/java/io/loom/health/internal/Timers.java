package io.loom.health.internal;

import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** Things to do later, on one thread. Times are {@link System#nanoTime} values. */
final class Timers {
    private final TreeSet<Timer> timers = new TreeSet<>();
    private long sequence;

    /** Something to do, until it is done or cancelled. */
    final class Timer implements Comparable<Timer> {
        private final long at;
        private final long number;
        private final Runnable action;

        private Timer(long at, long number, Runnable action) {
            this.at = at;
            this.number = number;
            this.action = action;
        }

        /** It is never done; harmless if it has been. */
        void cancel() {
            timers.remove(this);
        }

        @Override
        public int compareTo(Timer other) {
            return at != other.at ? Long.signum(at - other.at) : Long.compare(number, other.number);
        }
    }

    /** Of two actions for one time the earlier scheduled runs first. */
    Timer schedule(long at, Runnable action) {
        Timer timer = new Timer(at, sequence++, action);
        timers.add(timer);
        return timer;
    }

    void fire(long now) {
        while (!timers.isEmpty() && timers.first().at - now <= 0) {
            timers.pollFirst().action.run();
        }
    }

    /** Milliseconds until the next action, at least 1, as {@code Selector.select} takes them; 0 (forever) if none. */
    long napMillis(long now) {
        return timers.isEmpty() ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(timers.first().at - now + 999_999));
    }
}
