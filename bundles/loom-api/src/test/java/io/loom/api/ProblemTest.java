package io.loom.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ProblemTest {
    @Test
    void itIsOneLineWhateverItRepeats() {
        Problem problem = new Problem("LOOM-1205", "", "cannot use a\nb.jar",
                "ip: Cannot find device \"eth0\"\nCommand failed -:1\r\n\r\n  Command failed -:2\n", "bring it up\n");
        assertEquals("LOOM-1205 cannot use a; b.jar: ip: Cannot find device \"eth0\"; Command failed -:1; Command failed -:2; bring it up", problem.toString());
    }

    @Test
    void whatIsNotThereIsLeftOut() {
        assertEquals("LOOM-1999 loom.yaml:1:2: what", new Problem("LOOM-1999", "loom.yaml:1:2", "what", "", "").toString());
        assertEquals(" what", Problem.of("LOOM-1999", " what", "", "").text());
    }

    @Test
    void aCodeHasFourDigits() {
        assertThrows(IllegalArgumentException.class, () -> Problem.of("LOOM-12", "what", "", ""));
    }
}
