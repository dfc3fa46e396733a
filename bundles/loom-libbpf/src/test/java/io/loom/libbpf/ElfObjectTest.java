package io.loom.libbpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ElfObjectTest {

    @Test
    void definedGlobalsAreListedHiddenAndWeakOnesToo() {
        assertEquals(
                Set.of("samples", "runs", "tables", "host_base", "host_flag", "step_slot00", "step_slot01", "test_host", "_license"),
                TestObjects.host().symbols());
    }

    @Test
    void renamingChangesSymbolsAndTypesButNothingElse() {
        ElfObject part = TestObjects.part();
        ElfObject renamed = part.renamed("_slotXX", "_slot05");
        assertEquals(Set.of("factor_slot05", "step_slot05", "_license"), renamed.symbols());
        assertTrue(renamed.btf().variables().stream().anyMatch(variable -> variable.name().equals("factor_slot05")));
        assertEquals(differences(part.bytes(), renamed.bytes()) % 2, 0, "two characters a name");
        assertArrayEquals(part.bytes(), renamed.renamed("_slot05", "_slotXX").bytes());
    }

    @Test
    void codeThatHappensToContainTheNameIsNotTouched() {
        byte[] original = TestObjects.part().bytes();
        byte[] withNote = Arrays.copyOf(original, original.length + 16);
        byte[] note = "data _slotXX".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(note, 0, withNote, original.length, note.length);
        byte[] renamed = ElfObject.parse(withNote).renamed("_slotXX", "_slot01").bytes();
        assertArrayEquals(note, Arrays.copyOfRange(renamed, original.length, original.length + note.length));
    }

    @Test
    void aNameThatDoesNotOccurIsRefused() {
        LoomException refused = assertThrows(LoomException.class, () -> TestObjects.part().renamed("_slotYY", "_slot01"));
        assertEquals("LOOM-1007", refused.code());
        assertTrue(refused.getMessage().contains("_slotYY"), refused.getMessage());
    }

    @Test
    void anotherLengthIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> TestObjects.part().renamed("_slotXX", "_slot001"));
    }

    @Test
    void otherFilesAndTruncatedOnesAreRefused() {
        byte[] object = TestObjects.part().bytes();
        List<byte[]> others =
                List.of(new byte[0], new byte[100], Arrays.copyOf(object, 80), Arrays.copyOf(object, object.length / 2));
        for (byte[] wrong : others) {
            assertEquals("LOOM-1007", assertThrows(LoomException.class, () -> ElfObject.parse(wrong)).code());
        }
    }

    private static int differences(byte[] one, byte[] other) {
        int count = 0;
        for (int i = 0; i < one.length; i++) {
            count += one[i] == other[i] ? 0 : 1;
        }
        return count;
    }
}
