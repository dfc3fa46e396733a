package io.loom.config.internal.model;

import io.loom.api.IpAddress;
import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads YAML that a test writes down; the file is called {@code f}. */
final class Yaml {
    private Yaml() {}

    /** Four CPUs and one that is off, and an address in a subnet of each family: whatever machine runs the tests. */
    static final Host HOST = new Host(Optional.of(new Host.Cpus(Set.of(0, 1, 2, 3, 4), Set.of(0, 1, 2, 3))),
            Set.of(IpAddress.parse("10.0.0.254").orElseThrow(), IpAddress.parse("fd00::fe").orElseThrow()));

    static Reading read(String text) {
        return read(text, HOST);
    }

    static Reading read(String text, Host host) {
        return reader(host).read(text.getBytes(StandardCharsets.UTF_8));
    }

    static ConfigReader reader(Host host) {
        return new ConfigReader("f", (path, limit) -> Files.readAllBytes(path), () -> host, Optional.empty());
    }

    static LoomConfig good(String text) {
        Reading reading = read(text);
        return reading.config().orElseThrow(() -> new AssertionError(reading.problems().toString()));
    }

    /** {@code 2010 4:5} for each problem. */
    static List<String> problems(String text) {
        return codes(read(text).problems());
    }

    static List<String> warnings(String text) {
        return codes(good(text).warnings());
    }

    private static List<String> codes(List<Problem> problems) {
        return problems.stream().map(problem -> problem.code().substring(5) + problem.where().replaceFirst("^f:", " ")).toList();
    }
}
