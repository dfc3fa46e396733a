package io.loom.health.internal;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.LongSupplier;

/** Finished probes that wait for the server's goodbye. They hold descriptors, but no place: they give way. Probing thread only. */
final class Goodbyes {
    /** How long a server may take to close its side of a finished probe: 500 ms. */
    static final long LONGEST = 500_000_000L;

    private final LongSupplier clock;
    /** The oldest first. */
    private final Set<Attempt> waiting = new LinkedHashSet<>();
    /** One for all of them, as their turns come in the order in which they began. */
    private final Timers.Timer timer;

    Goodbyes(Timers timers, LongSupplier clock) {
        this.clock = clock;
        this.timer = timers.timer(this::endOverdue);
    }

    int count() {
        return waiting.size();
    }

    void begin(Attempt attempt) {
        try {
            attempt.line().finish();
        } catch (IOException broken) {
            attempt.close();
            return;
        }
        attempt.leaves(clock.getAsLong() + LONGEST);
        waiting.add(attempt);
        if (waiting.size() == 1) {
            timer.set(attempt.endsBy());
        }
    }

    /** Something has happened on its line. */
    void look(Attempt attempt) {
        if (attempt.line().ended()) {
            end(attempt);
        }
    }

    /** There must be one. */
    void endOldest() {
        end(oldest());
    }

    private void endOverdue() {
        while (!waiting.isEmpty() && clock.getAsLong() - oldest().endsBy() >= 0) {
            endOldest();
        }
        if (!waiting.isEmpty()) {
            timer.set(oldest().endsBy());
        }
    }

    private Attempt oldest() {
        return waiting.iterator().next();
    }

    private void end(Attempt attempt) {
        waiting.remove(attempt);
        attempt.close();
    }
}
