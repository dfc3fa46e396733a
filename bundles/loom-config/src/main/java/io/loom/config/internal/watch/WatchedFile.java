package io.loom.config.internal.watch;

import io.loom.api.Problem;
import io.loom.api.Vital;
import io.loom.api.config.ConfigSource;
import io.loom.api.config.LoomConfig;
import io.loom.config.internal.Code;
import io.loom.config.internal.model.Reading;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last good snapshot of a file that may change at any time. The content is compared every second, because no notification
 * tells of every way in which mounts and symlinks change; notifications only make it faster. All work and all calls of listeners
 * happen on one thread of its own.
 */
public final class WatchedFile implements ConfigSource, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedFile.class);
    private static final long POLL_MILLIS = 1000;
    /** An editor that writes in steps is done when two readings this far apart are equal. */
    private static final long SETTLE_MILLIS = 100;
    private static final int SETTLE_TRIES = 20;

    private final ConfigFile file;
    private final ScheduledExecutorService thread;
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final DirectoryEvents events;
    private volatile Optional<LoomConfig> current = Optional.empty();
    private volatile List<Problem> rejected = List.of();
    private byte[] seen;
    private boolean forced;

    /** Reads the file once; {@link #rejected} tells whether it was good. {@link #start} begins to watch. */
    public WatchedFile(ConfigFile file) {
        this.file = file;
        // A notification may still come in while we close: its task is dropped.
        this.thread = new ScheduledThreadPoolExecutor(1, task -> daemon(task, "loom-config"),
                new ThreadPoolExecutor.DiscardPolicy());
        this.events = new DirectoryEvents(file.path(), this::soon);
        try {
            seen = file.bytes();
            take(file.parse(seen));
        } catch (IOException unreadable) {
            seen = null;
            rejected = List.of(file.problem(unreadable));
        }
    }

    /** Logs the warnings of the first version and begins to watch. */
    public void start() {
        current.ifPresent(config -> config.warnings().forEach(warning -> LOG.warn("{}", warning)));
        thread.scheduleWithFixedDelay(Vital.work(this::check), POLL_MILLIS, POLL_MILLIS, TimeUnit.MILLISECONDS);
        events.start();
    }

    @Override
    public Optional<LoomConfig> current() {
        return current;
    }

    @Override
    public List<Problem> rejected() {
        return rejected;
    }

    @Override
    public String location() {
        return file.path().toString();
    }

    @Override
    public AutoCloseable subscribe(Listener listener) {
        Subscription subscription = new Subscription(listener);
        thread.execute(Vital.work(() -> {
            subscriptions.add(subscription);
            current.ifPresent(subscription::deliver);
        }));
        return subscription;
    }

    @Override
    public void close() {
        events.close();
        thread.shutdown();
    }

    private void soon() {
        if (scheduled.compareAndSet(false, true)) {
            thread.schedule(Vital.work(() -> {
                scheduled.set(false);
                check();
            }), SETTLE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Never throws: an exception would end the schedule. */
    private void check() {
        try {
            byte[] bytes = file.bytes();
            if (!Arrays.equals(bytes, seen) || forced || file.namedChanged()) {
                forced = false;
                seen = settled(bytes);
                changed(file.parse(seen));
            }
        } catch (IOException unreadable) {
            gone(unreadable);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException unexpected) {
            LOG.error("cannot check {} for changes; trying again in a second", location(), unexpected);
        }
    }

    private byte[] settled(byte[] first) throws IOException, InterruptedException {
        byte[] bytes = first;
        for (int i = 0; i < SETTLE_TRIES; i++) {
            Thread.sleep(SETTLE_MILLIS);
            byte[] again = file.bytes();
            if (Arrays.equals(bytes, again)) {
                return bytes;
            }
            bytes = again;
        }
        return bytes;
    }

    /** SIGHUP reads what has been read already: that it says the same is said, but not all of it again. */
    private void changed(Reading reading) {
        boolean saidBefore = reading.problems().equals(rejected) && (reading.config().isEmpty() || reading.config().equals(current));
        take(reading);
        if (reading.config().isEmpty()) {
            if (!saidBefore) {
                reading.problems().forEach(problem -> LOG.error("{}", problem));
            }
            LOG.error("{} is {}; the last good version stays in force", location(), saidBefore ? "still refused, for the same reasons" : "refused");
            return;
        }
        LoomConfig config = reading.config().get();
        if (saidBefore) {
            LOG.info("{} says the same, and is in force", location());
        } else {
            LOG.info("{} changed and is in force", location());
            config.warnings().forEach(warning -> LOG.warn("{}", warning));
        }
        subscriptions.forEach(subscription -> subscription.deliver(config));
    }

    private void take(Reading reading) {
        rejected = reading.problems();
        if (reading.config().isPresent()) {
            current = reading.config();
        }
    }

    private void gone(IOException unreadable) {
        Problem reason = file.problem(unreadable);
        Problem problem = new Problem(Code.FILE_GONE.text(), location(), "the configuration file cannot be read any more, the last good version stays",
                reason.why(), "put a readable file there");
        if (seen != null || !rejected.equals(List.of(problem))) {
            LOG.warn("{}", problem);
        }
        rejected = List.of(problem);
        seen = null;
    }

    /** Reads the file and those that it names at once, whether they look changed or not. */
    void reread() {
        thread.execute(Vital.work(() -> {
            forced = true;
            check();
        }));
    }

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** After {@link #close} no delivery begins, even if one is queued already. */
    private final class Subscription implements AutoCloseable {
        private final Listener listener;
        private volatile boolean closed;

        Subscription(Listener listener) {
            this.listener = listener;
        }

        /** A failure here must not keep the configuration from the others, nor one of a bundle that is just replaced. */
        void deliver(LoomConfig config) {
            if (closed) {
                return;
            }
            try {
                listener.accept(config);
            } catch (RuntimeException | LinkageError failed) {
                LOG.error("a subscriber failed on a new configuration", failed);
            }
        }

        @Override
        public void close() {
            closed = true;
            thread.execute(() -> subscriptions.remove(this));
        }
    }
}
