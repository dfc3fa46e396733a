package io.loom.libbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Programs that Loom did not build, alone and within one that it did: needs root, and fails without. */
class OwnObjectTest {
    private static final byte[] FRAME = new byte[60];
    private static final byte[] OWN = TestObjects.read("own").bytes();

    private static OwnObject load(byte[] elf, String section) {
        return OwnObject.load("own", elf, section, Path.of("/sys/fs/bpf"));
    }

    private static int run(BpfProgram program) {
        return program.testRun(FRAME, 1).result();
    }

    @Test
    void aProgramIsAnXdpProgramWhateverItsSectionIsCalled() {
        try (OwnObject own = load(OWN, "xdp_lb"); BpfProgram program = own.program()) {
            assertEquals(3, run(program));
            assertEquals(4, run(program));
        }
    }

    @Test
    void itStandsInThePlaceOfAFunctionWithItsOwnFunctionsMapsAndConstants() {
        try (BpfObject around = BpfObject.open("around", TestObjects.read("around").bytes())) {
            around.load();
            try (OwnObject own = load(OWN, "xdp_lb"); BpfProgram both = own.within("both", around, "around")) {
                own.close();
                around.close();
                assertEquals(103, run(both));
                assertEquals(104, run(both), "its map is its own");
                assertEquals("both", both.name());
            }
        }
    }

    @Test
    void theVerifierSaysWhatItRefuses() {
        BpfException refused = assertThrows(BpfException.class, () -> load(OWN, "careless"));
        assertEquals("LOOM-1005", refused.code());
        assertTrue(refused.getMessage().contains("invalid access to packet"), refused.getMessage());
    }

    @Test
    void oneProgramMustBeMeant() {
        for (String[] section : new String[][] {{"", "4 are in it"}, {"twice", "2 are in section twice"}, {"xdp", "none is in section xdp"}}) {
            LoomException refused = assertThrows(LoomException.class, () -> load(OWN, section[0]));
            assertEquals("LOOM-1007", refused.code());
            assertTrue(refused.getMessage().contains(section[1] + "; its programs are in: "), refused.getMessage());
            assertTrue(refused.getMessage().contains("xdp_lb"), refused.getMessage());
        }
    }

    @Test
    void whatIsNoObjectIsSaidToBeNone() {
        LoomException refused = assertThrows(LoomException.class, () -> load(new byte[100], ""));
        assertEquals("LOOM-1007", refused.code());
    }

    @Test
    void onlyAProgramThatCallsOneFunctionCanHaveAnotherInItsPlace() {
        byte[] exit = {(byte) 0x95, 0, 0, 0, 0, 0, 0, 0};
        assertThrows(IllegalArgumentException.class, () -> OwnObject.join(exit, exit));
    }
}
