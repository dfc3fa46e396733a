package io.loom.libbpf.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ErrorListTest {

    @Test
    void everyCodeIsInTheManualAndOnlyThose() throws IOException {
        String manual = Files.readString(Path.of("../../docs/errors.md"));
        String section = manual.substring(manual.indexOf("<!-- begin 10xx -->"), manual.indexOf("<!-- end 10xx -->"));
        List<String> listed = Pattern.compile("LOOM-\\d{4}").matcher(section).results().map(MatchResult::group).toList();
        List<String> used = Arrays.stream(Diagnosis.class.getDeclaredFields())
                .filter(field -> field.getName().startsWith("CODE_"))
                .map(field -> {
                    try {
                        return (String) field.get(null);
                    } catch (IllegalAccessException hidden) {
                        throw new AssertionError(hidden);
                    }
                }).sorted().toList();
        assertEquals(used, listed);
    }
}
