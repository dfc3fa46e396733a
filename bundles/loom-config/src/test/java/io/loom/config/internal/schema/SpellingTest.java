package io.loom.config.internal.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {
    private static final List<String> WORDS = List.of("enabled", "interface", "max_entries", "id", "mode", "ports", "port");

    @ParameterizedTest
    @CsvSource({
        "intreface, interface", "Interface, interface", "maxEntries, max_entries", "max-entry, max_entries", "enable, enabled",
        "prot, port", "prots, ports", "mod, mode", "x,", "programs,", "ie, id"
    })
    void theNearestWordIsMeantIfItIsNearEnough(String written, String meant) {
        assertEquals(Optional.ofNullable(meant), Spelling.closest(written, WORDS));
    }

    @ParameterizedTest
    @CsvSource({"abc, abc, 0", "abc, abd, 1", "abc, acb, 1", "abc, ab, 1", "'', abc, 3", "kitten, sitting, 3"})
    void distanceCountsEdits(String left, String right, int edits) {
        assertEquals(edits, Spelling.distance(left, right));
    }

    @Test
    void whatIsLongerThanAnyWordIsNoSlip() {
        String word = "x".repeat(64);
        assertEquals(Optional.of(word), Spelling.closest(word, List.of(word)));
        assertEquals(Optional.empty(), Spelling.closest(word + "x", List.of(word)));
    }
}
