package io.loom.deploy.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.launch.Framework;

/**
 * Ends the process when its orderly end takes too long: a plugin that does not come back must not keep it. The data plane does
 * not notice: what is pinned forwards on, and what was acknowledged is on disk. Begins with the end of the framework, which is
 * how Karaf takes SIGTERM, or of the JVM, whichever is first.
 */
final class ShutdownWatch implements SynchronousBundleListener {
    /** Loom promises five seconds, and a busy host takes its time too. */
    private static final long LIMIT_MILLIS = 3_500;
    /** That of an orderly end. */
    private static final int STATUS = 0;
    /** As in bin/loomd and the user guide. */
    private static final int NO_DATA = 73;

    private final BundleContext context;
    private final Framework framework;
    private final Path directory;
    private final Supplier<List<String>> busy;
    private final long limit;
    private final IntConsumer halt;
    private final AtomicBoolean begun = new AtomicBoolean();

    /**
     * @param directory without which Karaf ends
     * @param busy      what is known to hang
     */
    ShutdownWatch(BundleContext context, Path directory, Supplier<List<String>> busy, long limit, IntConsumer halt) {
        this.framework = context.getBundle(0).adapt(Framework.class);
        this.context = framework.getBundleContext();
        this.directory = directory;
        this.busy = busy;
        this.limit = limit;
        this.halt = halt;
    }

    static ShutdownWatch install(BundleContext context, Supplier<List<String>> busy) {
        Path directory = Path.of(context.getProperty("karaf.data"));
        ShutdownWatch watch = new ShutdownWatch(context, directory, busy, LIMIT_MILLIS, Runtime.getRuntime()::halt);
        context.addBundleListener(watch);
        Runtime.getRuntime().addShutdownHook(new Thread(watch::end, "loom-shutdown"));
        return watch;
    }

    @Override
    public void bundleChanged(BundleEvent event) {
        if (event.getBundle().getBundleId() == 0 && event.getType() == BundleEvent.STOPPING) {
            begin();
        }
    }

    /** The thread is a daemon: it ends with the process, if that ends by itself. */
    void begin() {
        if (begun.compareAndSet(false, true)) {
            Thread thread = new Thread(this::watch, "loom-shutdown-watch");
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** Of the JVM. Karaf ends it without a word, and with a status that says nothing, when its directory is gone. */
    void end() {
        begin();
        if (Files.isDirectory(directory)) {
            return;
        }
        System.err.println("loomd: LOOM-5109 the directory " + directory + " is gone, without which the control plane ends; the data plane"
                + " forwards on; start loomd again, which makes it anew, without the runtime changes if these were lost with it");
        System.err.flush();
        try {
            framework.waitForStop(limit);
        } catch (InterruptedException nobodyDoes) {
            Thread.currentThread().interrupt();
        }
        halt.accept(NO_DATA);
    }

    private void watch() {
        try {
            Thread.sleep(limit);
        } catch (InterruptedException nobodyDoes) {
            Thread.currentThread().interrupt();
        }
        // Not by the log: the bundle that writes it may have stopped.
        System.err.println("loomd: LOOM-5107 the end took longer than " + limit + " ms and is not waited for: " + held()
                + "; the data plane forwards on");
        System.err.flush();
        halt.accept(Files.isDirectory(directory) ? STATUS : NO_DATA);
    }

    private String held() {
        List<String> names = new ArrayList<>(busy.get());
        try {
            for (Bundle bundle : context.getBundles()) {
                if (bundle.getBundleId() != 0 && (bundle.getState() & (Bundle.STARTING | Bundle.STOPPING)) != 0) {
                    names.add("bundle " + bundle.getSymbolicName() + (bundle.getState() == Bundle.STARTING ? " starts" : " stops"));
                }
            }
        } catch (IllegalStateException gone) {
            names.add("the framework has stopped");
        }
        return names.isEmpty() ? "no bundle is at fault" : String.join("; ", names);
    }
}
