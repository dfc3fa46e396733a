package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.Vital;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Of work that is done again and again, what fails in a way that nobody has foreseen: it is a problem until the work succeeds, and the work
 * goes on, which an executor would drop in silence. A thread has one kind of work. Thread-safe.
 */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private final Map<String, Problem> failing = new ConcurrentSkipListMap<>();
    private final Runnable changed;

    /** @param changed called, on the thread of the work, when {@link #problems} differ */
    Failures(Runnable changed) {
        this.changed = changed;
    }

    Runnable guarded(Runnable work) {
        return Vital.work(() -> {
            String thread = Thread.currentThread().getName();
            try {
                work.run();
                if (failing.remove(thread) != null) {
                    LOG.info("{} works again", thread);
                    changed.run();
                }
            } catch (RuntimeException | LinkageError failure) {
                if (Thread.currentThread().isInterrupted()) {
                    LOG.debug("{} was ended at work", thread, failure);
                } else {
                    note(thread, failure);
                }
            }
        });
    }

    /** The stack is in the log once for each failure, not each second. */
    private void note(String thread, Throwable failure) {
        Problem problem = Problem.of(
                "LOOM-1282", "unexpected failure in " + thread, failure.toString(),
                "it is tried again; if it stays, please report it with the log");
        if (problem.equals(failing.put(thread, problem))) {
            LOG.debug("{} failed as before", thread, failure);
            return;
        }
        LOG.error("{} failed and will be tried again", thread, failure);
        changed.run();
    }

    List<Problem> problems() {
        return List.copyOf(failing.values());
    }
}
