package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.config.LoomConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;

/**
 * Writes down what happens to a control plane of several vips and upstreams, and after each event whatever is otherwise than before: in the kernel, in what is
 * probed, and in everything that people see. So that nothing that changes, and nothing that should and does not, goes unseen.
 */
final class Diary {
    final FakeDataPlane plane = new FakeDataPlane();
    private final Path data;
    Bench bench;
    private final StringBuilder text = new StringBuilder();
    private long wake;
    private Set<String> before = new LinkedHashSet<>();
    private final Outcome outcome;

    /** @param upstreams names that may occur: the kernel knows their hashes */
    Diary(Path data, String... upstreams) {
        this.data = data;
        this.outcome = new Outcome(upstreams);
        bench = new Bench(data, plane);
    }

    /** Another process over the same kernel and directory. */
    void restart() {
        plane.forgetTables();
        bench = new Bench(data, plane);
    }

    void event(String name, Runnable event) {
        plane.changes.clear();
        text.append("=== ").append(name).append('\n');
        try {
            event.run();
        } catch (LoomException refused) {
            refused.problems().forEach(problem -> text.append("  refused: ").append(problem).append('\n'));
        }
        plane.changes.forEach(change -> text.append("  ").append(outcome.named(change)).append('\n'));
        Set<String> now = outcome.lines(bench, plane, data);
        before.stream().filter(line -> !now.contains(line)).forEach(line -> text.append("- ").append(line).append('\n'));
        now.stream().filter(line -> !before.contains(line)).forEach(line -> text.append("+ ").append(line).append('\n'));
        before = now;
        if (bench.nextRound() != wake) {
            wake = bench.nextRound();
            text.append("  next round after ").append(wake).append(" ms\n");
        }
    }

    void load(String name, LoomConfig config) {
        event(name, () -> bench.load(config));
    }

    void round(String name) {
        event(name, () -> bench.round());
    }

    void pass(String name, Duration time) {
        event(name, () -> text.append("  ").append(bench.pass(time)).append(" rounds\n"));
    }

    void change(String name, Function<RuntimeEdit, RuntimeEdit.Edited> edit) {
        event(name, () -> {
            RuntimeEdit.Edited edited = bench.change(edit);
            text.append("  done: ").append(edited.id()).append(" of ").append(edited.upstream()).append('\n');
        });
    }

    String text() {
        return text.toString().replace(data.toString(), "DATA");
    }
}
