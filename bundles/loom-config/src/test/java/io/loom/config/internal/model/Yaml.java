package io.loom.config.internal.model;

import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/** Reads YAML that a test writes down; the file is called {@code f}. */
final class Yaml {
    private Yaml() {}

    static Reading read(String text) {
        return new ConfigReader("f", (path, limit) -> Files.readAllBytes(path)).read(text.getBytes(StandardCharsets.UTF_8));
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
