package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ErrorListTest {
    private static final Pattern IN_CODE = Pattern.compile("\"(LOOM-\\d{4})\"");
    private static final Pattern IN_MANUAL = Pattern.compile("(LOOM-\\d{4})");

    @Test
    void everyCodeIsInTheManualAndOnlyThose() throws IOException {
        String manual = Files.readString(Path.of("../../docs/errors.md"));
        SortedSet<String> listed = new TreeSet<>();
        for (String section : new String[] {"12xx", "41xx", "51xx"}) {
            collect(IN_MANUAL, manual.substring(
                    manual.indexOf("<!-- begin " + section), manual.indexOf("<!-- end " + section)), listed);
        }
        SortedSet<String> used = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            files.filter(Files::isRegularFile).forEach(file -> collect(IN_CODE, read(file), used));
        }
        assertEquals(used, listed);
    }

    private static void collect(Pattern pattern, String text, SortedSet<String> codes) {
        pattern.matcher(text).results().forEach(match -> codes.add(match.group(1)));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
