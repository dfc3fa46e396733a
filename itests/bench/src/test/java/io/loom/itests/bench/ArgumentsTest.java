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
        assertEquals(new Arguments(Optional.of(Path.of("a.json")), "ipip", 5, 100, 40_000, Traffic.IN_ORDER, true, List.of(Path.of("a.o"), Path.of("b.o")),
                        Optional.of(7)),
                Arguments.parse(List.of("--live", "--entries", "40000", "--only", "ipip", "--json", "a.json", "--traffic", "in-order", "--rounds",
                        "5", "--packets", "100", "--katran", "a.o", "--instances", "7", "--katran", "b.o")));
    }

    @Test
    void aComparisonIsOfSeveralInstances() {
        assertEquals(1, Arguments.DEFAULTS.instances());
        assertEquals(3, Arguments.parse(List.of("--katran", "a.o")).instances());
        assertEquals(2, Arguments.parse(List.of("--instances", "2", "--katran", "a.o")).instances());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--rounds 0", "--rounds x", "--rounds", "--entries 1", "--packets -1", "--fast", "--json", "--traffic heavy", "--traffic", "--katran", "--instances 0"})
    void whatCannotBeMeantIsRefused(String line) {
        assertThrows(IllegalArgumentException.class, () -> Arguments.parse(List.of(line.split(" "))));
    }
}
