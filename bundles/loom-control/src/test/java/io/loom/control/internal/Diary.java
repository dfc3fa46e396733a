package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.config.LoomConfig;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

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
    private final Map<Long, String> groups = new TreeMap<>();

    /** @param upstreams names that may occur: the kernel knows their hashes */
    Diary(Path data, String... upstreams) {
        this.data = data;
        for (String upstream : upstreams) {
            groups.put(BackendKey.group(upstream), upstream);
        }
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
        plane.changes.forEach(change -> text.append("  ").append(named(change)).append('\n'));
        Set<String> now = state();
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

    private Set<String> state() {
        List<String> lines = new ArrayList<>();
        KernelState kernel = plane.applied();
        kernel.backends().forEach(key -> lines.add("kernel " + named(key) + (kernel.down().contains(key) ? " down" : "")
                + (kernel.draining().contains(key) ? " draining" : "") + (kernel.limits().containsKey(key) ? " limit " + kernel.limits().get(key) : "")));
        kernel.tables().forEach((key, spec) -> lines.add("kernel table " + key.vip() + " " + key.family() + ": " + spec.algorithm() + " " + spec.size() + " "
                + spec.weights().entrySet().stream().map(entry -> named(entry.getKey()) + "=" + entry.getValue()).collect(Collectors.joining(", "))));
        kernel.listeners().forEach((key, spec) -> lines.add("kernel listener " + key + ": " + spec));
        bench.probes.targets.forEach((target, check) -> lines.add("probed " + target.upstream() + " " + target.endpoint() + " " + check));
        plane.resolving.forEach(key -> lines.add("resolving " + named(key)));
        lines.addAll(stored());
        lines.sort(null);
        Snapshot seen = bench.seen;
        lines.add("waits for: " + seen.waiting());
        lines.add("holding " + new TreeSet<>(seen.holding()));
        lines.add("deployed " + seen.methods() + seen.algorithms());
        lines.add("program " + seen.program().id() + " " + seen.program().tag() + " " + seen.program().name());
        seen.program().attachments().forEach(one -> lines.add("attached " + one.device() + " " + one.mode() + " " + one.problem()));
        seen.warnings().forEach(problem -> lines.add("warning " + problem));
        seen.vips().forEach(vip -> lines.add(vip.toString()));
        seen.backends().forEach(backend -> lines.add(backend.toString()));
        return new LinkedHashSet<>(lines);
    }

    /** What a restart would find, an entry a line. */
    private List<String> stored() {
        Path file = data.resolve("runtime.json");
        try {
            return Files.exists(file) ? Arrays.stream(Files.readString(file).replaceAll("\\s+", " ").split("(?<=\\}), "))
                    .map(entry -> "stored " + entry).toList() : List.of();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private String named(Object what) {
        String words = what.toString();
        for (Map.Entry<Long, String> group : groups.entrySet()) {
            words = words.replace("group=" + group.getKey() + ",", "group=" + group.getValue() + ",");
        }
        return words;
    }

    private String named(BackendKey key) {
        return groups.getOrDefault(key.group(), "?") + "/" + key;
    }

    String text() {
        return text.toString().replace(data.toString(), "DATA");
    }
}
