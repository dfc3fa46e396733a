package io.loom.datapath.internal;

import io.loom.api.LoomException;
import java.util.Map;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the process where waiting would only hide a mistake: another process has the instance, or its pins are not all there.
 * Nothing has been touched then, and whoever started it gets the reason in a line and in the exit status.
 */
final class Ending {
    /** As in bin/loomd and the user guide. */
    private static final Map<String, Integer> STATUS = Map.of("LOOM-5101", 75, "LOOM-5106", 78);
    private static final Logger LOG = LoggerFactory.getLogger(Ending.class);

    static final Ending NONE = new Ending(status -> { });

    private final IntConsumer exit;

    Ending() {
        this(System::exit);
    }

    Ending(IntConsumer exit) {
        this.exit = exit;
    }

    void judge(LoomException refused) {
        Integer status = STATUS.get(refused.code());
        if (status != null) {
            LOG.error("{}", refused.getMessage());
            System.err.println("loomd: " + refused.getMessage());
            // Not on this thread: the shutdown waits for it.
            Thread thread = new Thread(() -> exit.accept(status), "loom-exit");
            thread.setDaemon(true);
            thread.start();
        }
    }
}
