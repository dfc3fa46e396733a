package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {

    @Test
    void optionsReplaceTheDefaultsInAnyOrder() {
        assertEquals(Arguments.DEFAULTS, Arguments.parse(List.of()));
        assertEquals(new Arguments(Optional.of(Path.of("a.json")), "ipip", 5, 100, 40_000, Traffic.IN_ORDER, true),
                Arguments.parse(List.of("--live", "--entries", "40000", "--only", "ipip", "--json", "a.json", "--traffic", "in-order", "--rounds",
                        "5", "--packets", "100")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--rounds 0", "--rounds x", "--rounds", "--entries 1", "--packets -1", "--fast", "--json", "--traffic heavy", "--traffic"})
    void whatCannotBeMeantIsRefused(String line) {
        assertThrows(IllegalArgumentException.class, () -> Arguments.parse(List.of(line.split(" "))));
    }
}
