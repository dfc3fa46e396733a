package io.loom.datapath.internal;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call of a plugin's code, which may be anybody's, on a thread of its own: it may throw whatever there is to throw, lie, or
 * never return. Nothing of the plugin leaves that thread but its value or a text. Thread-safe.
 *
 * @param <T> what is asked for
 */
final class PluginCall<T> {
    private static final Logger LOG = LoggerFactory.getLogger(PluginCall.class);
    /** A failure is told in one line. */
    private static final int LONGEST_TEXT = 200;

    private final String what;
    private final Callable<T> code;
    private final Runnable ended;
    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread thread;
    private volatile Outcome<T> outcome;

    /**
     * @param value   empty if it failed
     * @param failure why, in one line; empty if it did not
     */
    record Outcome<T>(Optional<T> value, String failure) {}

    private PluginCall(String what, Callable<T> code, Runnable ended) {
        this.what = what;
        this.code = code;
        this.ended = ended;
        this.thread = new Thread(this::run, "loom-plugin " + what);
        thread.setDaemon(true);
    }

    /**
     * @param what  names the thread
     * @param ended called on that thread when the call is over, however it ends
     */
    static <T> PluginCall<T> start(String what, Callable<T> code, Runnable ended) {
        PluginCall<T> call = new PluginCall<>(what, code, ended);
        call.thread.start();
        return call;
    }

    private void run() {
        try {
            outcome = new Outcome<>(Optional.of(code.call()), "");
        } catch (Throwable anything) {
            outcome = new Outcome<>(Optional.empty(), told(anything));
        } finally {
            try {
                ended.run(); // first: who has the answer and asks the next question must not find this one at work
            } finally {
                over.countDown();
            }
        }
    }

    /** To say what it is, is the plugin's own code once more. */
    private String told(Throwable failure) {
        try {
            LOG.debug("{} failed", what, failure);
            String text = failure.toString().lines().findFirst().orElse("");
            return text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT) + "..." : text;
        } catch (Throwable again) {
            return failure.getClass().getName();
        }
    }

    /** Waits so long for its end; empty if it has not ended by then, or this thread was interrupted. */
    Optional<Outcome<T>> await(Duration patience) {
        try {
            over.await(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        return Optional.ofNullable(outcome);
    }

    boolean isRunning() {
        return outcome == null;
    }

    /** Asks it to end. Whether it does is its own business. */
    void interrupt() {
        thread.interrupt();
    }
}
