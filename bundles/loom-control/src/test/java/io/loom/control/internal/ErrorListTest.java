package io.loom.control.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
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
    void everyErrorOfTheControlPlaneIsListed() throws IOException {
        Set<String> missing = codes(Path.of("src/main/java/io/loom/control/internal/ControlProblem.java"));
        missing.removeAll(codes(Path.of("../../docs/errors.md")));
        assertEquals(Set.of(), missing);
    }

    private static Set<String> codes(Path file) throws IOException {
        return Pattern.compile("LOOM-3\\d{3}").matcher(Files.readString(file)).results()
                .map(MatchResult::group).collect(Collectors.toCollection(TreeSet::new));
    }
}
