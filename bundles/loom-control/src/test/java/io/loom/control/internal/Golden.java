package io.loom.control.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whole texts in src/test/resources, beside the class that compares them. With {@code -Dloom.golden=true} they are written instead: look at the difference, which is
 * what the change does, and commit it.
 */
final class Golden {
    private Golden() {}

    static void assertText(Class<?> test, String name, String actual) throws IOException {
        Path file = Path.of("src/test/resources", test.getPackageName().replace('.', '/'), name);
        if (Boolean.getBoolean("loom.golden")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, actual);
        }
        assertEquals(Files.readString(file, StandardCharsets.UTF_8), actual);
    }
}
