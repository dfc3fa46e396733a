package io.loom.observe;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;

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

    /** Written piece by piece, where a tree of each of a million objects would cost as much as all else. */
    interface Content {
        void write(JsonGenerator json) throws IOException;
    }

    static String of(Content content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = WRITER.createGenerator(text)) {
            content.write(json);
        } catch (IOException impossible) {
            throw new IllegalStateException("text takes everything", impossible);
        }
        return text + "\n";
    }

    /** Each on one line, with its line feed. */
    static void lines(OutputStream out, Iterable<Content> contents) throws IOException {
        try (JsonGenerator json = LINES.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.setPrettyPrinter(new MinimalPrettyPrinter(""));
            for (Content content : contents) {
                content.write(json);
                json.writeRaw('\n');
            }
        }
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
