package io.loom.config.internal.watch;

import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * What signals mean to the process: SIGHUP reads the configuration again, SIGTERM and SIGINT end it as Java does, after a line
 * in the log. A signal that is ignored from the start, as SIGHUP under nohup, stays so.
 */
final class Signals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private final Map<String, SignalHandler> before = new HashMap<>();

    /** @param reread must not wait */
    Signals(Runnable reread) {
        handle("HUP", signal -> {
            LOG.info("SIGHUP: the configuration is read again");
            reread.run();
        });
        handle("TERM", this::end);
        handle("INT", this::end);
    }

    private void end(Signal signal) {
        LOG.info("SIG{}: Loom ends; the data plane forwards on", signal.getName());
        before.get(signal.getName()).handle(signal);
    }

    private void handle(String name, SignalHandler handler) {
        try {
            before.put(name, Signal.handle(new Signal(name), handler));
        } catch (IllegalArgumentException reserved) {
            LOG.info("SIG{} keeps the meaning that it has: {}", name, reserved.getMessage());
        }
    }

    /** They mean what they did before. */
    @Override
    public void close() {
        before.forEach((name, handler) -> Signal.handle(new Signal(name), handler));
    }
}
