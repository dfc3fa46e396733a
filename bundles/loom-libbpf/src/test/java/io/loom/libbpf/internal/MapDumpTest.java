package io.loom.libbpf.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.libbpf.BpfException;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Makes a map in the running kernel: needs root, and fails without. */
class MapDumpTest {
    private static final int ENTRIES = 1000;

    private final List<Integer> seen = new ArrayList<>();
    private BpfMap map;

    @BeforeEach
    void fill() {
        map = BpfMap.create(MapType.HASH, "test_dump", 4, 8, ENTRIES, 0);
        for (int i = 0; i < ENTRIES; i++) {
            map.update(key(i), ByteBuffer.allocate(8).putInt(i).array(), UpdateMode.ANY);
        }
    }

    @AfterEach
    void close() {
        map.close();
    }

    @Test
    void aBucketThatHoldsMoreThanAChunkIsReadWithALargerChunk() {
        dump(1).forEach(this::see);
        requireAllOnce();
    }

    @Test
    void keyByKeyShowsTheSame() {
        dump(1).oneByOne(this::see);
        requireAllOnce();
    }

    @Test
    void entriesThatAreDeletedMeanwhileDoNotKeepTheWalkGoing() {
        dump(1).oneByOne((key, value) -> {
            see(key, value);
            map.delete(key);
        });
        requireAllOnce();
    }

    @Test
    void aFailureInTheMiddleIsNotTakenForTheEnd() {
        MapDump closed = new MapDump(-1, "gone", 4, 8, ENTRIES, 64);
        assertEquals(9, assertThrows(BpfException.class, () -> closed.forEach(this::see)).errno());
    }

    private MapDump dump(int chunk) {
        return new MapDump(map.fd(), "test_dump", 4, 8, ENTRIES, chunk);
    }

    private void see(byte[] key, byte[] value) {
        assertEquals(ByteBuffer.wrap(key).getInt(), ByteBuffer.wrap(value).getInt());
        seen.add(ByteBuffer.wrap(key).getInt());
    }

    private void requireAllOnce() {
        assertEquals(IntStream.range(0, ENTRIES).boxed().toList(), seen.stream().sorted().toList());
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }
}
