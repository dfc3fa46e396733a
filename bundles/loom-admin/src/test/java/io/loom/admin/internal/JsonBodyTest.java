package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonBodyTest {
    private static JsonBody parse(String text) {
        return JsonBody.parse(text.getBytes(StandardCharsets.UTF_8), "{\"weight\": 50}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "``        | the body is empty             | ``",
        "[1]       | the body is not a JSON object | it is an array",
        "null      | the body is not a JSON object | it is null",
        "true      | the body is not a JSON object | it is true",
        "7         | the body is not a JSON object | it is the number 7",
        "\"weight\" | the body is not a JSON object | it is the text \"weight\"",
    })
    void whatIsNoObjectIsCalledByItsName(String text, String what, String why) {
        Problem problem = assertThrows(LoomException.class, () -> parse(text)).problems().get(0);
        assertEquals(new Problem("LOOM-3400", "", what, why, "send {\"weight\": 50}"), problem);
    }

    @Test
    void whatIsNoJsonIsToldWithItsPlace() {
        Problem problem = assertThrows(LoomException.class, () -> parse("{\n \"weight\" 5}")).problems().get(0);
        assertEquals("the body is not valid JSON", problem.what());
        assertTrue(problem.where().startsWith("line 2, column "), problem.where());
    }

    @Test
    void numbersThatFitNowhereKeepTheirSign() {
        JsonBody body = parse("{\"big\": 1000000000000000000000, \"small\": -1000000000000000000000, \"seven\": 7}");
        assertEquals(OptionalLong.of(Long.MAX_VALUE), body.requiredNumber("big", "a number"));
        assertEquals(OptionalLong.of(-Long.MAX_VALUE), body.optionalNumber("small", "a number"));
        assertEquals(OptionalLong.of(7), body.optionalNumber("seven", "a number"));
        assertEquals(OptionalLong.empty(), body.optionalNumber("none", "a number"));
        body.finish();
    }

    @Test
    void ofAWrongTypeItIsToldWhatItIsAndWhatItShouldBe() {
        JsonBody body = parse("{\"a\": {}, \"b\": [], \"c\": false, \"d\": null, \"e\": 1.5, \"f\": \"" + "x".repeat(61) + "\"}");
        assertEquals(Optional.empty(), body.requiredText("a", "a text"));
        assertEquals(Optional.empty(), body.optionalText("b", "a text"));
        for (String field : List.of("c", "d", "e", "f")) {
            assertEquals(OptionalLong.empty(), body.optionalNumber(field, "a number"));
        }
        assertEquals(OptionalLong.empty(), body.requiredNumber("g", "a number"));
        assertEquals(List.of("a has the wrong type; it is an object; give a text", "b has the wrong type; it is an array; give a text",
                "c has the wrong type; it is false; give a number", "d has the wrong type; it is null; give a number",
                "e has the wrong type; it is the number 1.5; give a number",
                "f has the wrong type; it is the text \"" + "x".repeat(60) + "...\"; give a number", "g is missing; ; add a number"),
                assertThrows(LoomException.class, body::finish).problems().stream()
                        .map(problem -> problem.what() + "; " + problem.why() + "; " + problem.fix()).toList());
    }

    @Test
    void textIsShortenedWhereItIsTooLong() {
        assertEquals("x".repeat(60), JsonBody.shortened("x".repeat(60)));
        assertEquals("x".repeat(60) + "...", JsonBody.shortened("x".repeat(61)));
    }
}
