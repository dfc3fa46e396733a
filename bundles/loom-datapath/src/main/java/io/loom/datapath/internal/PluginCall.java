package io.loom.datapath.internal;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call of a plugin's code, which may be anybody's, on a thread that has nothing else to do: it may throw whatever there is to throw,
 * lie, or never return. Nothing of the plugin leaves that thread but its value or a text. A thread that has returned takes
 * the next call: thousands of tables are asked for at a start. Thread-safe.
 *
 * @param <T> what is asked for
 */
final class PluginCall<T> {
    private static final Logger LOG = LoggerFactory.getLogger(PluginCall.class);
    /** A failure is told in one line. */
    private static final int LONGEST_TEXT = 200;

    /** Not one of Loom's names: whatever such a thread dies of is nobody's end. */
    private static final String IDLE = "idle plugin";
    private static final ExecutorService THREADS =
            new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(task, IDLE);
                thread.setDaemon(true);
                return thread;
            });

    private final String what;
    private final Callable<T> code;
    private final Runnable ended;
    private final CountDownLatch over = new CountDownLatch(1);
    /** While it is at work. */
    private Optional<Thread> thread = Optional.empty();
    private boolean toBeInterrupted;
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
    }

    /**
     * @param what  names the thread
     * @param ended called on that thread when the call is over, however it ends
     */
    static <T> PluginCall<T> start(String what, Callable<T> code, Runnable ended) {
        PluginCall<T> call = new PluginCall<>(what, code, ended);
        THREADS.execute(call::run);
        return call;
    }

    private void run() {
        Thread.currentThread().setName("loom-plugin " + what);
        begin(Thread.currentThread());
        try {
            outcome = new Outcome<>(Optional.of(code.call()), "");
        } catch (Throwable anything) {
            outcome = new Outcome<>(Optional.empty(), told(anything));
        } finally {
            end();
            try {
                ended.run(); // first: who has the answer and asks the next question must not find this one at work
            } finally {
                over.countDown();
            }
        }
        Thread.currentThread().setName(IDLE); // not if the end has failed, which is Loom's own
    }

    private synchronized void begin(Thread present) {
        thread = Optional.of(present);
        if (toBeInterrupted) {
            present.interrupt();
        }
    }

    /** What comes next on this thread is not to be interrupted for it. */
    private synchronized void end() {
        thread = Optional.empty();
        Thread.interrupted();
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
    synchronized void interrupt() {
        toBeInterrupted = true;
        thread.ifPresent(Thread::interrupt);
    }
}
