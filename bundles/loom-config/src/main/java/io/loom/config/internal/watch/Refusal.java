package io.loom.config.internal.watch;

import io.loom.api.Problem;
import java.io.PrintStream;
import java.util.List;
import java.util.function.IntConsumer;

/** Says why the appliance cannot start, and ends it. */
final class Refusal {
    private final PrintStream err;
    private final IntConsumer exit;

    Refusal(PrintStream err, IntConsumer exit) {
        this.err = err;
        this.exit = exit;
    }

    /** Prints one line a problem. The exit has a thread of its own, because it waits for the framework that waits for us. */
    void end(List<Problem> problems, int status) {
        problems.forEach(err::println);
        err.flush();
        new Thread(() -> exit.accept(status), "loom-config-refused").start();
    }
}
