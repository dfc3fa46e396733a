package io.loom.shell.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.junit.jupiter.api.Test;

/** Keeps docs/reference-shell.md and the commands in step. */
class ReferenceTest {
    private static final Path DOCUMENT = Path.of("../../docs/reference-shell.md");

    /** Karaf's list of all commands breaks longer descriptions, and loses a letter where it does. */
    private static final int HELP_COLUMNS = 48;

    @Test
    void everyCommandIsDocumentedAndNoOther() throws Exception {
        List<String> documented = Files.readAllLines(DOCUMENT).stream().filter(line -> line.startsWith("## `loom:"))
                .map(line -> line.substring(4, line.length() - 1)).sorted().toList();
        assertEquals(commands().map(ReferenceTest::name).sorted().toList(), documented);
    }

    @Test
    void everyOptionAndArgumentIsDocumentedInItsSection() throws Exception {
        String document = Files.readString(DOCUMENT);
        for (Class<?> command : commands().toList()) {
            String heading = "## `" + name(command) + "`\n";
            int start = document.indexOf(heading) + heading.length();
            int end = document.indexOf("\n## ", start);
            String section = document.substring(start, end < 0 ? document.length() : end);
            for (String word : words(command)) {
                assertTrue(section.contains("`" + word), name(command) + " is documented without " + word);
            }
        }
    }

    @Test
    void everyCommandIsAServiceWithHelp() throws Exception {
        for (Class<?> command : commands().toList()) {
            assertTrue(command.isAnnotationPresent(Service.class), command + " would not be registered");
            Command annotation = command.getAnnotation(Command.class);
            assertFalse(annotation.description().isEmpty());
            assertTrue(annotation.description().length() <= HELP_COLUMNS, annotation.name() + " does not fit the list of help");
            assertFalse(annotation.detailedDescription().isEmpty());
        }
    }

    private static TreeSet<String> words(Class<?> command) {
        TreeSet<String> words = new TreeSet<>();
        for (Field field : command.getDeclaredFields()) {
            if (field.isAnnotationPresent(Option.class)) {
                words.add(field.getAnnotation(Option.class).name());
            }
            if (field.isAnnotationPresent(Argument.class)) {
                words.add(field.getAnnotation(Argument.class).name());
            }
        }
        return words;
    }

    private static String name(Class<?> command) {
        Command annotation = command.getAnnotation(Command.class);
        return annotation.scope() + ":" + annotation.name();
    }

    private static Stream<Class<?>> commands() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("target/classes/io/loom/shell/command"))) {
            return files.map(file -> file.getFileName().toString()).filter(file -> file.matches("\\w+\\.class"))
                    .<Class<?>>map(ReferenceTest::load).filter(type -> type.isAnnotationPresent(Command.class))
                    .toList().stream();
        }
    }

    private static Class<?> load(String file) {
        try {
            return Class.forName("io.loom.shell.command." + file.replace(".class", ""));
        } catch (ClassNotFoundException gone) {
            throw new IllegalStateException(gone);
        }
    }
}
