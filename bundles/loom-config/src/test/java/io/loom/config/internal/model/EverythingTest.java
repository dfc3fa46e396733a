package io.loom.config.internal.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** One file with every key, twice where that may be, and the whole of what is made of it. */
class EverythingTest {

    static String resource(String name) throws IOException {
        try (InputStream file = EverythingTest.class.getResourceAsStream(name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A value a line; maps have no order of their own. */
    static String lines(Object config) {
        String sorted = Pattern.compile("\\{([^{}]*)}").matcher(config.toString()).replaceAll(map ->
                Matcher.quoteReplacement(Arrays.stream(map.group(1).split(", (?=Service|[0-9a-f.:]+/)")).sorted().toList().toString()));
        return sorted.replace(", ", ",\n") + "\n";
    }

    @Test
    void everyValueIsWhereItBelongs() throws IOException {
        Golden.assertText(EverythingTest.class, "everything-expected.txt", lines(Yaml.good(resource("everything.yaml"))));
    }
}
