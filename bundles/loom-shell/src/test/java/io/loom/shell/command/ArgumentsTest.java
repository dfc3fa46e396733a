package io.loom.shell.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
    private static final Set<String> KNOWN = Set.of("--weight", "--upstream");

    @Test
    void optionsMayFollowTheArguments() {
        assertEquals(Map.of("--weight", "50", "--upstream", "web"),
                Arguments.trailing(List.of("--weight", "50", "--upstream=web"), KNOWN));
        assertEquals(Map.of(), Arguments.trailing(List.of(), KNOWN));
    }

    @Test
    void wordsThatAreNoOptionsAndOptionsWithoutValueAreAllRefused() {
        LoomException refused =
                assertThrows(LoomException.class, () -> Arguments.trailing(List.of("--wait", "--weight"), KNOWN));
        assertEquals(List.of("LOOM-3414", "LOOM-3411"), refused.problems().stream().map(Problem::code).toList());
    }
}
