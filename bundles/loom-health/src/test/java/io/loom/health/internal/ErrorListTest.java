package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ErrorListTest {

    @Test
    void everyProblemOfTheHealthChecksIsListedAndNoOther() throws Exception {
        assertEquals(codes(Path.of("../../docs/errors.md")), codes(Path.of("src/main/java/io/loom/health/internal/HealthProblem.java")));
    }

    private static Set<String> codes(Path file) throws Exception {
        return Pattern.compile("LOOM-353\\d").matcher(Files.readString(file)).results()
                .map(MatchResult::group).collect(Collectors.toCollection(TreeSet::new));
    }
}
