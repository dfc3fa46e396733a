package io.loom.health.internal;

import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;

/** Things to do later, on one thread. Times are {@link System#nanoTime} values. */
final class Timers {
    private record Timer(long at, long sequence, Runnable action) implements Comparable<Timer> {
        @Override
        public int compareTo(Timer other) {
            return at != other.at ? Long.signum(at - other.at) : Long.compare(sequence, other.sequence);
        }
    }

    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private long sequence;

    /** Of two actions for one time the earlier scheduled runs first. */
    void schedule(long at, Runnable action) {
        timers.add(new Timer(at, sequence++, action));
    }

    void fire(long now) {
        while (!timers.isEmpty() && timers.peek().at() - now <= 0) {
            timers.remove().action().run();
        }
    }

    /** Milliseconds until the next action, at least 1, as {@code Selector.select} takes them; 0 (forever) if none. */
    long napMillis(long now) {
        return timers.isEmpty() ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(timers.peek().at() - now + 999_999));
    }
}
