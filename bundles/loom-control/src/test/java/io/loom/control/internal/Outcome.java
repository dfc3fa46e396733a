package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What comes of a control plane, a line each: in the kernel, in what is probed, asked for and stored, and in everything that people see. */
final class Outcome {
    private final Map<Long, String> groups = new TreeMap<>();

    /** @param upstreams names that may occur: the kernel knows their hashes */
    Outcome(String... upstreams) {
        for (String upstream : upstreams) {
            groups.put(BackendKey.group(upstream), upstream);
        }
    }

    Set<String> lines(Bench bench, FakeDataPlane plane, Path data) {
        List<String> lines = new ArrayList<>();
        KernelState kernel = plane.applied();
        kernel.backends().forEach(key -> lines.add("kernel " + named(key) + (kernel.down().contains(key) ? " down" : "")
                + (kernel.draining().contains(key) ? " draining" : "") + (kernel.limits().containsKey(key) ? " limit " + kernel.limits().get(key) : "")));
        kernel.tables().forEach((key, spec) -> lines.add("kernel table " + key.vip() + " " + key.family() + ": " + spec.algorithm() + " " + spec.size() + " "
                + spec.weights().entrySet().stream().map(entry -> named(entry.getKey()) + "=" + entry.getValue()).collect(Collectors.joining(", "))));
        kernel.listeners().forEach((key, spec) -> lines.add("kernel listener " + key + ": " + spec));
        bench.probes.targets.forEach((target, check) -> lines.add("probed " + target.upstream() + " " + target.endpoint() + " " + check));
        plane.resolving.forEach(key -> lines.add("resolving " + named(key)));
        lines.addAll(stored(data));
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
    private static List<String> stored(Path data) {
        Path file = data.resolve("runtime.json");
        try {
            return Files.exists(file) ? Arrays.stream(Files.readString(file).replaceAll("\\s+", " ").split("(?<=\\}), "))
                    .map(entry -> "stored " + entry).toList() : List.of();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    String named(Object what) {
        String words = what.toString();
        for (Map.Entry<Long, String> group : groups.entrySet()) {
            words = words.replace("group=" + group.getKey() + ",", "group=" + group.getValue() + ",");
        }
        return words;
    }

    private String named(BackendKey key) {
        return groups.getOrDefault(key.group(), "?") + "/" + key;
    }
}
