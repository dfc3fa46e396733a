package io.loom.libbpf;

import static io.loom.libbpf.TestObjects.u32;
import static io.loom.libbpf.TestObjects.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pins on a bpffs of its own: needs root, and fails without. */
class PinTest {
    @TempDir
    private Path directory;
    private Path bpffs;

    @BeforeEach
    void mount() throws Exception {
        bpffs = Files.createDirectory(directory.resolve("bpffs"));
        Command.run("mount", "-t", "bpf", "bpf", bpffs.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        Command.run("umount", bpffs.toString());
    }

    @Test
    void thisHostMeetsTheRequirements() {
        assertDoesNotThrow(() -> Kernel.require(bpffs));
    }

    @Test
    void aDirectoryThatIsNoBpffsIsRefusedWithTheMountCommand() {
        LoomException refused = assertThrows(LoomException.class, () -> Kernel.require(directory));
        assertEquals("LOOM-1003", refused.code());
        assertTrue(refused.getMessage().contains("mount -t bpf bpf " + directory), refused.getMessage());
        LoomException absent = assertThrows(LoomException.class, () -> Kernel.require(directory.resolve("absent")));
        assertTrue(absent.getMessage().contains("mkdir"), absent.getMessage());
    }

    @Test
    void aPinnedMapKeepsItsContentWithoutADescriptor() {
        Path pin = bpffs.resolve("map");
        int id;
        try (BpfMap map = BpfMap.create(MapType.HASH, "test_pin", 4, 8, 10, 0)) {
            id = map.id();
            map.update(u32(1), u64(2), UpdateMode.ANY);
            map.pin(pin);
        }
        try (BpfMap map = BpfMap.open(pin)) {
            assertEquals(id, map.id());
            assertArrayEquals(u64(2), map.lookup(u32(1)).orElseThrow());
        }
    }

    @Test
    void aPinnedProgramIsTheSameProgram() {
        Path pin = bpffs.resolve("prog");
        int id;
        try (BpfObject object = TestObjects.loadedHost(); BpfProgram program = object.program("test_host")) {
            id = program.id();
            program.pin(pin);
        }
        try (BpfProgram program = BpfProgram.open(pin)) {
            assertEquals(id, program.id());
            assertEquals(1, program.testRun(new byte[60], 1).result());
        }
    }

    @Test
    void pinsThatAreAbsentTakenOrElsewhereAreExplained() {
        assertEquals("LOOM-1013", assertThrows(BpfException.class, () -> BpfMap.open(bpffs.resolve("absent"))).code());
        try (BpfMap map = BpfMap.create(MapType.HASH, "test_pin", 4, 8, 10, 0)) {
            map.pin(bpffs.resolve("taken"));
            BpfException taken = assertThrows(BpfException.class, () -> map.pin(bpffs.resolve("taken")));
            assertTrue(taken.getMessage().contains("pinned there already"), taken.getMessage());
            BpfException elsewhere = assertThrows(BpfException.class, () -> map.pin(directory.resolve("elsewhere")));
            assertTrue(elsewhere.getMessage().contains("bpffs"), elsewhere.getMessage());
            BpfException nowhere = assertThrows(BpfException.class, () -> map.pin(bpffs.resolve("no/where")));
            assertTrue(nowhere.getMessage().contains("mkdir"), nowhere.getMessage());
        }
    }
}
