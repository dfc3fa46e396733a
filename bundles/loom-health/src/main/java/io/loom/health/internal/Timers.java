package io.loom.health.internal;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Things to do later, on one thread. A binary heap whose timers know their places in it, so that one that is set again moves
 * and leaves nothing behind: each probe sets its server's three times. Times are {@link System#nanoTime} values.
 */
final class Timers {
    private static final int NOWHERE = -1;

    private Timer[] heap = new Timer[16];
    private int size;
    private long sequence;

    /** Something to do once, each time that it is set. */
    final class Timer {
        private final Runnable action;
        private long at;
        private long number;
        private int place = NOWHERE;

        private Timer(Runnable action) {
            this.action = action;
        }

        /** It is done then, and not when it was to be until now. */
        void set(long time) {
            at = time;
            number = sequence++;
            if (place == NOWHERE) {
                place = size;
                heap = size < heap.length ? heap : Arrays.copyOf(heap, 2 * size);
                heap[size++] = this;
            }
            settle(this);
        }

        /** It is not done; harmless if it was not to be. */
        void cancel() {
            if (place != NOWHERE) {
                remove(this);
            }
        }

        private boolean isBefore(Timer other) {
            return at != other.at ? at - other.at < 0 : number < other.number;
        }
    }

    /** One that is not set. Of two that are set for one time the earlier set is done first. */
    Timer timer(Runnable action) {
        return new Timer(action);
    }

    void fire(long now) {
        while (size > 0 && heap[0].at - now <= 0) {
            Timer due = heap[0];
            remove(due);
            due.action.run();
        }
    }

    /** Milliseconds until the next action, at least 1, as {@code Selector.select} takes them; 0 (forever) if none. */
    long napMillis(long now) {
        return size == 0 ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(heap[0].at - now + 999_999));
    }

    private void remove(Timer timer) {
        Timer last = heap[--size];
        heap[size] = null;
        if (last != timer) {
            last.place = timer.place;
            settle(last);
        }
        timer.place = NOWHERE;
    }

    /** Moves it from its place up or down to where it belongs. */
    private void settle(Timer timer) {
        int place = timer.place;
        while (place > 0 && timer.isBefore(heap[(place - 1) / 2])) {
            put(heap[(place - 1) / 2], place);
            place = (place - 1) / 2;
        }
        int child = earlierChild(place);
        while (child < size && heap[child].isBefore(timer)) {
            put(heap[child], place);
            place = child;
            child = earlierChild(place);
        }
        put(timer, place);
    }

    /** Not less than the size if it has none. */
    private int earlierChild(int place) {
        int left = 2 * place + 1;
        return left + 1 < size && heap[left + 1].isBefore(heap[left]) ? left + 1 : left;
    }

    private void put(Timer timer, int place) {
        heap[place] = timer;
        timer.place = place;
    }
}
