package io.loom.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Keeps docs/reference-metrics.md and the metrics in step. */
class ReferenceTest {
    private static final Path DOCUMENT = Path.of("../../docs/reference-metrics.md");

    private static List<String> rows(String beginning) throws Exception {
        return Files.readAllLines(DOCUMENT).stream().filter(line -> line.startsWith("| `" + beginning)).toList();
    }

    @Test
    void everyMetricIsDocumentedWithTypeAndLabelsAndNoOther() throws Exception {
        List<String> expected = Arrays.stream(Metric.values()).map(metric -> "| `" + metric.series() + "` | "
                + metric.kind().name().toLowerCase(Locale.ROOT) + " | " + String.join(", ", metric.labels())).toList();
        List<String> documented = rows("loom_").stream().map(row -> row.substring(0, row.lastIndexOf(" |", row.length() - 3)))
                .toList();
        assertEquals(expected, documented);
    }

    @Test
    void everyErrorTypeIsDocumentedWithItsMeaning() throws Exception {
        String text = Files.readString(DOCUMENT);
        for (ErrorType type : ErrorType.values()) {
            String row = "| `" + type.label() + "` | " + type.meaning() + " |";
            assertEquals(true, text.contains(row), row + " is missing");
        }
    }

    @Test
    void everyReasonIsDocumentedWithItsNumberActionAndMeaningAndNoOther() throws Exception {
        List<String> expected = Arrays.stream(Verdict.values())
                .map(verdict -> "| `" + verdict.name().toLowerCase(Locale.ROOT) + "` | " + verdict.number() + " | "
                        + verdict.action().name().toLowerCase(Locale.ROOT) + " | " + verdict.meaning() + " |")
                .toList();
        List<String> documented = new ArrayList<>();
        for (String beginning : List.of("forward`", "reply`", "echo`", "icmp_error`", "sent_", "refused`", "reset`", "pass_", "drop_")) {
            documented.addAll(rows(beginning));
        }
        assertEquals(expected, documented);
    }
}
