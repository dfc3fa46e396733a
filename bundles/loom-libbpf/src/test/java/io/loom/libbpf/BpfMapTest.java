package io.loom.libbpf;

import static io.loom.libbpf.TestObjects.u32;
import static io.loom.libbpf.TestObjects.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.libbpf.internal.Errno;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Makes maps in the running kernel: needs root, and fails without. */
class BpfMapTest {
    private static final int MMAPABLE = 1 << 10;
    private static final int INNER_MAP = 1 << 12;
    private static final int NO_PREALLOC = 1;
    private static final int LOOPBACK = 1;

    @Test
    void entriesAreWrittenReadAndDeletedAsTheModeSays() {
        try (BpfMap map = BpfMap.create(MapType.HASH, "test_hash", 4, 8, 2, NO_PREALLOC)) {
            assertEquals(Optional.empty(), map.lookup(u32(1)));
            assertEquals(Errno.ENOENT, errno(() -> map.update(u32(1), u64(10), UpdateMode.EXIST)));
            map.update(u32(1), u64(10), UpdateMode.NOEXIST);
            assertEquals(Errno.EEXIST, errno(() -> map.update(u32(1), u64(11), UpdateMode.NOEXIST)));
            map.update(u32(1), u64(12), UpdateMode.ANY);
            assertArrayEquals(u64(12), map.lookup(u32(1)).orElseThrow());
            map.update(u32(2), u64(13), UpdateMode.ANY);
            BpfException full = assertThrows(BpfException.class, () -> map.update(u32(3), u64(14), UpdateMode.ANY));
            assertEquals("LOOM-1012", full.code());
            assertTrue(full.getMessage().contains("test_hash"), full.getMessage());
            assertTrue(map.delete(u32(1)));
            assertFalse(map.delete(u32(1)));
        }
    }

    @Test
    void aRingThatNobodyHasWrittenIntoIsEmptyAndNoOtherMapIsOne() {
        try (BpfMap map = BpfMap.create(MapType.RINGBUF, "test_ring", 0, 0, 65536, 0); RingReader ring = RingReader.open(map)) {
            assertEquals(0, ring.read(1, record -> {
                throw new AssertionError("a record");
            }));
        }
        try (BpfMap map = BpfMap.create(MapType.HASH, "test_noring", 4, 4, 2, NO_PREALLOC)) {
            assertThrows(IllegalArgumentException.class, () -> RingReader.open(map));
        }
    }

    @Test
    void aMapDescribesItself() {
        try (BpfMap map = BpfMap.create(MapType.HASH, "test_info", 4, 12, 100, NO_PREALLOC)) {
            assertEquals("test_info", map.name());
            assertEquals(MapType.HASH, map.type());
            assertEquals(4, map.keySize());
            assertEquals(12, map.valueSize());
            assertEquals(100, map.maxEntries());
            assertEquals(NO_PREALLOC, map.flags());
            assertNotEquals(0, map.id());
            assertTrue(map.memoryBytes() > 0);
        }
    }

    @Test
    void keysAndValuesOfWrongLengthNeverReachTheKernel() {
        try (BpfMap map = BpfMap.create(MapType.HASH, "test_sizes", 4, 8, 2, 0)) {
            assertThrows(IllegalArgumentException.class, () -> map.lookup(new byte[3]));
            assertThrows(IllegalArgumentException.class, () -> map.update(u32(1), u32(1), UpdateMode.ANY));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HASH", "LRU_HASH", "ARRAY"})
    void aDumpOfAHundredThousandEntriesShowsEachOnce(MapType type) {
        int entries = 100_000;
        try (BpfMap map = BpfMap.create(type, "test_dump", 4, 8, type == MapType.LRU_HASH ? 2 * entries : entries, 0)) {
            for (int i = 0; i < entries; i++) {
                map.update(u32(i), u64(3L * i), UpdateMode.ANY);
            }
            Map<Integer, Long> seen = dump(map);
            assertEquals(entries, seen.size());
            seen.forEach((key, value) -> assertEquals(3L * key, value));
        }
    }

    @Test
    void aDumpOfAnEmptyMapIsEmpty() {
        try (BpfMap map = BpfMap.create(MapType.HASH, "test_empty", 4, 8, 10, 0)) {
            assertEquals(Map.of(), dump(map));
        }
    }

    @Test
    void aMapWithoutBatchesIsReadKeyByKey() {
        try (BpfMap map = BpfMap.create(MapType.DEVMAP_HASH, "test_devices", 4, 4, 8, 0)) {
            map.update(u32(5), u32(1), UpdateMode.ANY);
            Map<Integer, Integer> seen = new HashMap<>();
            map.forEach((key, value) -> seen.put(TestObjects.u32(key, 0), TestObjects.u32(value, 0)));
            assertEquals(Map.of(5, 1), seen);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PERCPU_ARRAY", "PERCPU_HASH"})
    void aPerCpuEntryHasAValueForEachPossibleCpuRoundedUp(MapType type) {
        int cpus = Kernel.possibleCpus();
        try (BpfMap map = BpfMap.create(type, "test_percpu", 4, 12, 4, 0)) {
            byte[] values = new byte[16 * cpus];
            for (int cpu = 0; cpu < cpus; cpu++) {
                values[16 * cpu] = (byte) (cpu + 1);
                values[16 * cpu + 11] = (byte) (cpu + 2);
            }
            map.update(u32(2), values, UpdateMode.ANY);
            assertArrayEquals(values, map.lookup(u32(2)).orElseThrow());
            Map<Integer, byte[]> seen = new HashMap<>();
            map.forEach((key, value) -> seen.put(TestObjects.u32(key, 0), value));
            assertArrayEquals(values, seen.get(2));
        }
    }

    @Test
    void programsReadWhatAMappedInnerArrayHolds() {
        try (BpfObject object = TestObjects.loadedHost(); BpfProgram program = object.program("test_host");
             BpfMap tables = object.map("tables");
             BpfMap inner = BpfMap.create(MapType.ARRAY, "test_inner", 4, 8, 5000, MMAPABLE | INNER_MAP)) {
            try (Mapping mapping = inner.map()) {
                mapping.buffer().putLong(0, 41).putLong(8 * 4999, 7);
                tables.updateFd(u32(0), inner);
                assertEquals(42, program.testRun(new byte[60], 1).result());
                mapping.buffer().putLong(0, 99);
                mapping.close();
                assertThrows(IllegalStateException.class, mapping::buffer);
            }
            assertEquals(100, program.testRun(new byte[60], 1).result());
            assertArrayEquals(u64(7), inner.lookup(u32(4999)).orElseThrow());
            assertEquals(inner.id(), TestObjects.u32(tables.lookup(u32(0)).orElseThrow(), 0));
        }
    }

    @Test
    void perCpuCountersOfAProgramAreSeen() {
        try (BpfObject object = TestObjects.loadedHost(); BpfProgram program = object.program("test_host");
             BpfMap runs = object.map("runs")) {
            BpfProgram.TestRun run = program.testRun(new byte[60], 1000);
            assertEquals(1000, total(runs));
            assertTrue(run.nanosPerRun() < 100_000, "an average, not a sum: " + run.nanosPerRun());
        }
    }

    @Test
    void aLiveRunTakesEveryFrameThroughTheProgramAsFromTheInterface() {
        try (BpfObject object = TestObjects.loadedHost(); BpfProgram drop = object.program("test_host");
             BpfMap runs = object.map("runs")) {
            long nanoseconds = drop.liveRun(new byte[60], LOOPBACK, 1000, 64);
            assertEquals(1000, total(runs));
            assertTrue(nanoseconds < 100_000, "an average, not a sum: " + nanoseconds);
            assertEquals(Errno.E2BIG, errno(() -> drop.liveRun(new byte[60], LOOPBACK, 1, 257)));
            assertEquals(Errno.ENODEV, errno(() -> drop.liveRun(new byte[60], Integer.MAX_VALUE, 1, 64)));
        }
    }

    private static int total(BpfMap perCpu) {
        byte[] counters = perCpu.lookup(u32(0)).orElseThrow();
        int total = 0;
        for (int at = 0; at < counters.length; at += 8) {
            total += TestObjects.u32(counters, at);
        }
        return total;
    }

    @Test
    void aMapLargerThanMemorySaysWhatToDo() {
        BpfException refused = assertThrows(BpfException.class,
                () -> BpfMap.create(MapType.ARRAY, "test_huge", 4, 1 << 20, 1 << 30, 0));
        assertEquals("LOOM-1011", refused.code());
    }

    private static int errno(Runnable call) {
        return assertThrows(BpfException.class, call::run).errno();
    }

    private static Map<Integer, Long> dump(BpfMap map) {
        Map<Integer, Long> seen = new HashMap<>();
        map.forEach((key, value) -> {
            long number = Integer.toUnsignedLong(TestObjects.u32(value, 0));
            if (seen.put(TestObjects.u32(key, 0), number) != null) {
                throw new AssertionError("seen twice: " + TestObjects.u32(key, 0));
            }
        });
        return seen;
    }
}
