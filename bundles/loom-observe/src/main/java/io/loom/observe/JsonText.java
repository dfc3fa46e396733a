package io.loom.observe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;

/** JSON as people read it in terminals: indented, ending with a line feed; or one line each. */
final class JsonText {
    private static final DefaultIndenter INDENT = new DefaultIndenter("  ", "\n");
    private static final ObjectWriter WRITER = new ObjectMapper().writer(
            new DefaultPrettyPrinter().withArrayIndenter(INDENT).withObjectIndenter(INDENT));

    private static final ObjectWriter LINES = new ObjectMapper().writer();

    private JsonText() {}

    /** On one line, with its line feed: NDJSON. */
    static String line(JsonNode json) {
        return text(LINES, json) + "\n";
    }

    static String of(JsonNode json) {
        return text(WRITER, json) + "\n";
    }

    private static String text(ObjectWriter writer, JsonNode json) {
        try {
            return writer.writeValueAsString(json);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a JSON tree always has a text", impossible);
        }
    }
}
