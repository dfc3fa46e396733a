package io.loom.libbpf;

import static io.loom.libbpf.TestObjects.u32;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Loads programs into the running kernel: needs root, and fails without. */
class BpfObjectTest {
    private static final byte[] FRAME = new byte[60];

    @Test
    void anUnlinkedObjectRunsItsWeakDefaults() {
        try (BpfObject object = TestObjects.loadedHost(); BpfProgram program = object.program("test_host")) {
            assertEquals(1, program.testRun(FRAME, 1).result());
        }
    }

    @Test
    void linkedPartsReplaceTheWeakDefaultsOfTheirSlots() {
        assertEquals(100, run(TestObjects.composed(), object -> { }));
        byte[] one = ObjectLinker.link(List.of(TestObjects.host(), TestObjects.part().renamed("_slotXX", "_slot01")));
        assertEquals(10, run(one, object -> { }));
    }

    @Test
    void constantsAreSetBeforeLoadingInAnyObject() {
        int result = run(TestObjects.composed(), object -> {
            assertArrayEquals(u32(10), object.constant("factor_slot01").orElseThrow());
            object.setConstant("factor_slot01", u32(3));
            object.setConstant("host_base", u32(2));
            assertArrayEquals(u32(3), object.constant("factor_slot01").orElseThrow());
        });
        assertEquals(60, result);
        assertEquals(FRAME.length, run(TestObjects.host().bytes(), object -> object.setConstant("host_flag", new byte[] {1})));
    }

    @Test
    void constantsThatAreAbsentOrOfAnotherSizeAreRefused() {
        try (BpfObject object = BpfObject.open("test", TestObjects.composed())) {
            assertTrue(object.hasConstant("host_base"));
            assertFalse(object.hasConstant("host_bas"));
            assertThrows(IllegalArgumentException.class, () -> object.setConstant("host_base", new byte[2]));
            assertThrows(IllegalArgumentException.class, () -> object.setConstant("nothing", new byte[4]));
        }
    }

    @Test
    void twoStrongSymbolsOfOneNameAreAConflictThatNamesIt() {
        ElfObject part = TestObjects.part().renamed("_slotXX", "_slot00");
        List<ElfObject> objects = List.of(TestObjects.host(), part, part);
        BpfException conflict = assertThrows(BpfException.class, () -> ObjectLinker.link(objects));
        assertEquals("LOOM-1006", conflict.code());
        assertTrue(conflict.getMessage().contains("_slot00"), conflict.getMessage());
    }

    @Test
    void aRefusedProgramGivesTheVerifiersLogAndReason() {
        try (BpfObject object = BpfObject.open("careless", TestObjects.read("careless").bytes())) {
            BpfException refused = assertThrows(BpfException.class, object::load);
            assertEquals("LOOM-1005", refused.code());
            String log = refused.verifierLog().orElseThrow();
            assertTrue(log.contains("invalid access to packet") && log.contains("R1"), log);
            assertFalse(log.contains("libbpf:"), log);
            assertTrue(refused.getMessage().contains("invalid access to packet"), refused.getMessage());
        }
    }

    @Test
    void theVerifierCountsWhatItFollows() {
        try (BpfObject object = BpfObject.open("test", TestObjects.composed())) {
            long followed = object.loadCounted().instructions();
            assertTrue(followed > 1 && followed < 10_000, "followed " + followed);
        }
        try (BpfObject object = BpfObject.open("careless", TestObjects.read("careless").bytes())) {
            BpfException refused = assertThrows(BpfException.class, object::loadCounted);
            assertEquals("LOOM-1005", refused.code());
            assertTrue(refused.getMessage().contains("invalid access to packet"), refused.getMessage());
        }
    }

    @Test
    void garbageIsRefused() {
        BpfException refused = assertThrows(BpfException.class, () -> BpfObject.open("garbage", new byte[200]));
        assertEquals("LOOM-1007", refused.code());
    }

    @Test
    void whatWasTakenOutOutlivesTheObject() {
        BpfObject object = TestObjects.loadedHost();
        BpfProgram program = object.program("test_host");
        BpfMap runs = object.map("runs");
        object.close();
        object.close();
        assertEquals("test_host", program.name());
        assertEquals(16, program.tag().length());
        assertNotEquals(0, program.id());
        assertEquals(1, program.testRun(FRAME, 1).result());
        assertEquals("runs", runs.name());
        runs.close();
        program.close();
        program.close();
        assertThrows(IllegalStateException.class, () -> program.testRun(FRAME, 1));
        assertThrows(IllegalStateException.class, object::load);
    }

    @Test
    void mapsAreResizedRetypedAndReused() {
        try (BpfObject first = BpfObject.open("test", TestObjects.host().bytes())) {
            assertEquals(Set.of("samples", "runs", "tables"), Set.copyOf(first.mapNames()));
            first.resize("samples", 77);
            first.setType("samples", MapType.LRU_HASH);
            first.load();
            try (BpfMap samples = first.map("samples"); BpfObject second = BpfObject.open("test", TestObjects.host().bytes())) {
                assertEquals(MapType.LRU_HASH, samples.type());
                assertEquals(77, samples.maxEntries());
                second.reuse("samples", samples);
                second.load();
                try (BpfMap same = second.map("samples"); BpfMap other = second.map("runs"); BpfMap runs = first.map("runs")) {
                    assertEquals(samples.id(), same.id());
                    assertNotEquals(runs.id(), other.id());
                }
            }
        }
    }

    @Test
    void aMapOfAnotherShapeIsNotReused() {
        try (BpfObject object = BpfObject.open("test", TestObjects.host().bytes());
             BpfMap narrow = BpfMap.create(MapType.HASH, "narrow", 4, 8, 4, 0)) {
            LoomException refused = assertThrows(LoomException.class, () -> object.reuse("samples", narrow));
            assertTrue(refused.getMessage().contains("samples"), refused.getMessage());
        }
    }

    @Test
    void aMissingProgramOrMapIsNamed() {
        try (BpfObject object = TestObjects.loadedHost()) {
            assertTrue(assertThrows(LoomException.class, () -> object.program("absent")).getMessage().contains("absent"));
            assertTrue(assertThrows(LoomException.class, () -> object.map("absent")).getMessage().contains("absent"));
        }
    }

    private static int run(byte[] elf, Consumer<BpfObject> setup) {
        try (BpfObject object = BpfObject.open("test", elf)) {
            setup.accept(object);
            object.load();
            try (BpfProgram program = object.program("test_host")) {
                return program.testRun(FRAME, 1).result();
            }
        }
    }
}
