package io.loom.deploy.internal;

import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of exceptions that nobody caught. Out of memory, on a thread of Loom's own, ends the process: what was half done
 * there cannot be told, a control plane without one of its threads would only look alive, and the data plane forwards without it.
 * A plugin's own calls never come here: what happens to them, out of memory too, is a failure of that plugin alone.
 */
final class BrokenThreads implements Thread.UncaughtExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(BrokenThreads.class);
    /** As in bin/loomd and the user guide. */
    static final int STATUS = 70;
    private static final String OWN = "loom-";
    private static final String PLUGIN = "loom-plugin ";

    private final IntConsumer halt;

    BrokenThreads(IntConsumer halt) {
        this.halt = halt;
    }

    /** For all threads of the process, from now on. */
    static void watch() {
        Thread.setDefaultUncaughtExceptionHandler(new BrokenThreads(Runtime.getRuntime()::halt));
    }

    @Override
    public void uncaughtException(Thread thread, Throwable failure) {
        if (!(failure instanceof VirtualMachineError) || !thread.getName().startsWith(OWN)) {
            LOG.error("thread {} ended by an exception", thread.getName(), failure);
            return;
        }
        try {
            // Not by the log: there may be no memory for it.
            System.err.println("loomd: LOOM-5108 thread " + thread.getName() + " cannot go on: " + failure + "; " + plugins()
                    + "; the data plane forwards on, start loomd again, with more memory (LOOM_JAVA_OPTS=-Xmx512m) if it lacks that");
            System.err.flush();
        } finally {
            halt.accept(STATUS);
        }
    }

    /** Who else may have taken the memory. */
    private static String plugins() {
        String working = Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.startsWith(PLUGIN))
                .map(name -> name.substring(PLUGIN.length())).sorted().collect(Collectors.joining(", "));
        return working.isEmpty() ? "no plugin was at work" : "plugins at work: " + working;
    }
}
