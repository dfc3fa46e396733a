package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Calls an algorithm, which may be anybody's code: for a limited time, and what it returns is used only if it is a table of
 * the size and for the backends that were asked for.
 */
final class TableBuilder {
    private final Duration limit;

    /** @param limit after which an algorithm is given up; the thread in which it hangs is interrupted and left */
    TableBuilder(Duration limit) {
        this.limit = limit;
    }

    /**
     * @param vip whose table it is, for people
     * @throws LoomException LOOM-4112 if the algorithm fails, takes too long, or returns what is no such table
     */
    LookupTable build(Algorithm algorithm, String name, String vip, BackendSet backends, int size) {
        FutureTask<LookupTable> task = new FutureTask<>(() -> algorithm.build(backends, size));
        Thread thread = new Thread(task, "loom-table");
        thread.setDaemon(true);
        thread.start();
        try {
            LookupTable table = task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            fault(table, backends.size(), size).ifPresent(why -> {
                throw refused(name, vip, why, null);
            });
            return table;
        } catch (TimeoutException slow) {
            task.cancel(true);
            throw refused(name, vip, "it took longer than " + limit.toMillis() + " ms", slow);
        } catch (ExecutionException failure) {
            throw refused(name, vip, "it failed: " + failure.getCause(), failure.getCause());
        } catch (InterruptedException stopped) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw refused(name, vip, "Loom is being stopped", stopped);
        }
    }

    private static Optional<String> fault(LookupTable table, int backends, int size) {
        if (table == null || table.index() == null || table.slots() == null) {
            return Optional.of("it returned no table");
        }
        int length = table.slots().length;
        int wanted = backends == 0 ? 0 : size;
        // A table that is gone through by a counter is as long as its round.
        boolean round = table.index() == LookupTable.Index.COUNTER && backends > 0;
        if (round ? length < 1 || length > Math.max(size, backends) : length != wanted) {
            return Optional.of("its table has " + length + " entries, not " + (round ? "1 to " : "") + wanted);
        }
        return Arrays.stream(table.slots()).filter(position -> position < 0 || position >= backends).boxed().findFirst()
                .map(position -> "its table names backend " + position + ", and there are " + backends + ", counted from 0");
    }

    private static LoomException refused(String name, String vip, String why, Throwable cause) {
        return new LoomException(Problem.of(
                "LOOM-4112", "algorithm " + name + " cannot build the table of vip " + vip, why,
                "use another algorithm or another version of its bundle; the table in force stays"), cause);
    }
}
