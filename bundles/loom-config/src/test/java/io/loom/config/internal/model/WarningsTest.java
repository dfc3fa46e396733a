package io.loom.config.internal.model;

import io.loom.api.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Whole files with two of most things, and every word of what is said of each: {@code warnings.txt} has the files, each below {@code === } and a name,
 * {@code warnings-expected.txt} what is expected of them in the same order. No more, no less, and in that order.
 */
class WarningsTest {

    record Case(String name, String text) {}

    static List<Case> cases(String resource) throws IOException {
        try (InputStream file = WarningsTest.class.getResourceAsStream(resource)) {
            String all = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return Arrays.stream(all.split("(?m)^=== ")).skip(1)
                    .map(one -> new Case(one.substring(0, one.indexOf('\n')), one.substring(one.indexOf('\n') + 1))).toList();
        }
    }

    @Test
    void everyWordOfWhatIsSaid() throws IOException {
        StringBuilder said = new StringBuilder();
        cases("warnings.txt").forEach(one -> said.append("=== ").append(one.name()).append('\n').append(said(one.text())));
        Golden.assertText(WarningsTest.class, "warnings-expected.txt", said.toString());
    }

    /** Warnings of what is in force; else what it is refused for. */
    static String said(String yaml) {
        Reading reading = Yaml.read(yaml);
        List<Problem> problems = reading.config().map(config -> config.warnings()).orElse(reading.problems());
        return problems.stream().map(problem -> problem + "\n").collect(Collectors.joining());
    }
}
