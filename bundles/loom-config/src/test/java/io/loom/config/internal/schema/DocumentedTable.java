package io.loom.config.internal.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A table of a documentation page that is generated from code: between {@code <!-- begin NAME -->} and {@code <!-- end NAME -->}. */
final class DocumentedTable {
    private final Path page;
    private final String name;

    DocumentedTable(String page, String name) {
        this.page = Path.of("../../docs", page);
        this.name = name;
    }

    /** Compares the table with the code; {@code -Dloom.docs.write=true} writes it instead. */
    void check(List<String> rows) throws IOException {
        String text = Files.readString(page);
        String begin = "<!-- begin " + name + " -->\n";
        int from = text.indexOf(begin) + begin.length();
        int to = text.indexOf("<!-- end " + name + " -->");
        String expected = String.join("\n", rows) + "\n";
        if (Boolean.getBoolean("loom.docs.write")) {
            Files.writeString(page, text.substring(0, from) + expected + text.substring(to));
        } else {
            assertEquals(expected, text.substring(from, to),
                    page + " differs from the code: run mvn -pl bundles/loom-config -am test -Dloom.docs.write=true");
        }
    }
}
