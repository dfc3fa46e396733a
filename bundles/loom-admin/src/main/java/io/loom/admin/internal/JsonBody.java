package io.loom.admin.internal;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A JSON object sent by a client, read strictly: every mistake is noted with its path, and {@link #finish} throws them all
 * together. The Content-Type is not looked at, because {@code curl -d} sends that of a form.
 */
final class JsonBody {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final int MAX_PROBLEMS = 100;

    private final ObjectNode json;
    private final List<Problem> problems = new ArrayList<>();

    private JsonBody(ObjectNode json) {
        this.json = json;
    }

    /**
     * @param example what a right body looks like, for the messages
     * @throws LoomException LOOM-3400 if it is no JSON object
     */
    static JsonBody parse(byte[] body, String example) {
        JsonNode json;
        try {
            json = MAPPER.readTree(body);
        } catch (JsonProcessingException malformed) {
            throw refused(place(malformed.getLocation()), "the body is not valid JSON", malformed.getOriginalMessage(), example);
        } catch (IOException notText) {
            throw refused("", "the body is not valid JSON", "it is not UTF-8 text", example);
        }
        if (json instanceof ObjectNode object) {
            return new JsonBody(object);
        }
        boolean empty = json == null || json.isMissingNode();
        throw refused("", empty ? "the body is empty" : "the body is not a JSON object",
                empty ? "" : "it is " + describe(json), example);
    }

    /** The IP literal or other text in the field; empty, with the problem noted, if it is absent or no text. */
    Optional<String> requiredText(String field, String expected) {
        JsonNode value = required(field, expected);
        return value == null ? Optional.empty() : text(field, value, expected);
    }

    /** The text in the field; empty if it is absent, or, with the problem noted, no text. */
    Optional<String> optionalText(String field, String expected) {
        JsonNode value = json.get(field);
        return value == null ? Optional.empty() : text(field, value, expected);
    }

    OptionalLong requiredNumber(String field, String expected) {
        JsonNode value = required(field, expected);
        return value == null ? OptionalLong.empty() : number(field, value, expected);
    }

    OptionalLong optionalNumber(String field, String expected) {
        JsonNode value = json.get(field);
        return value == null ? OptionalLong.empty() : number(field, value, expected);
    }

    /** Notes every field that is not among these. */
    void onlyFields(List<String> known) {
        json.fieldNames().forEachRemaining(field -> {
            if (!known.contains(field)) {
                note(Refusal.UNKNOWN_FIELD, field, "unknown field " + shortened(field), "",
                        "use " + String.join(", ", known));
            }
        });
    }

    boolean has(String field) {
        return json.has(field);
    }

    void note(Refusal kind, String field, String what, String why, String fix) {
        add(new Problem(kind.code(), "$." + shortened(field), what, why, fix));
    }

    void add(Problem problem) {
        problems.add(problem);
    }

    /** @throws LoomException with every problem noted, if there are any; of a body that is nothing but mistakes, the first */
    void finish() {
        if (!problems.isEmpty()) {
            throw new LoomException(problems.subList(0, Math.min(problems.size(), MAX_PROBLEMS)), null);
        }
    }

    private JsonNode required(String field, String expected) {
        JsonNode value = json.get(field);
        if (value == null) {
            note(Refusal.MISSING, field, field + " is missing", "", "add " + expected);
        }
        return value;
    }

    private Optional<String> text(String field, JsonNode value, String expected) {
        if (value.isTextual()) {
            return Optional.of(value.textValue());
        }
        wrongType(field, value, expected);
        return Optional.empty();
    }

    private OptionalLong number(String field, JsonNode value, String expected) {
        if (value.isIntegralNumber()) {
            // What does not fit into 64 bits is out of every range; keep its sign for the message.
            return OptionalLong.of(value.canConvertToLong() ? value.longValue()
                    : value.bigIntegerValue().signum() * Long.MAX_VALUE);
        }
        wrongType(field, value, expected);
        return OptionalLong.empty();
    }

    private void wrongType(String field, JsonNode value, String expected) {
        note(Refusal.WRONG_TYPE, field, field + " has the wrong type", "it is " + describe(value), "give " + expected);
    }

    private static String describe(JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> "the text \"" + shortened(value.textValue()) + "\"";
            case NUMBER -> "the number " + shortened(value.asText());
            case BOOLEAN -> value.asText();
            case NULL -> "null";
            case ARRAY -> "an array";
            case OBJECT -> "an object";
            default -> "something else";
        };
    }

    static String shortened(String text) {
        return text.length() > 60 ? text.substring(0, 60) + "..." : text;
    }

    private static String place(JsonLocation location) {
        return location == null ? "" : "line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    private static LoomException refused(String where, String what, String why, String example) {
        return new LoomException(new Problem(Refusal.BAD_REQUEST.code(), where, what, why, "send " + example));
    }
}
