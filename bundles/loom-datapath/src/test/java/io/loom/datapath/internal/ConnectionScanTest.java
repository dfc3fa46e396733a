package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.datapath.internal.layout.ConnectionKeys;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Large tables, page by page, while they change. Needs privilege. */
class ConnectionScanTest {
    private static final int CONNECTIONS = 200_000;
    private static final int MMAPABLE = 1 << 10;
    private static final int PAGE = 1000;
    private static final int LISTENER = 7;
    private static final int RAW_PORT = 0x1234;
    /** One in so many goes or comes while the table is read. */
    private static final int CHANGES = 10;

    private static BpfMap table(Family family, MapType type) {
        boolean four = family == Family.IPV4;
        return type == MapType.ARRAY // so roomy that no set is full
                ? BpfMap.create(type, "loom_conns", 4, four ? 128 : 256, CONNECTIONS, MMAPABLE)
                : BpfMap.create(type, "loom_conns", four ? 8 : 20, 8, 2 * CONNECTIONS, 0);
    }

    private static int[] client(Family family, int number) {
        return family == Family.IPV4 ? new int[] {number} : new int[] {0x20010db8, number, number >>> 3, 5};
    }

    private static void put(Family family, BpfMap map, int number) {
        long word = new ConnectionWord(1 + number % 3, true, 1, 0, 0, 100).encode();
        try (ConnectionFill fill = new ConnectionFill(family, map, 42, 100, true)) {
            fill.put(LISTENER, client(family, number), RAW_PORT, word);
        }
    }

    private static int number(int[] client) {
        return client.length == 1 ? client[0] : client[1];
    }

    @ParameterizedTest
    @CsvSource({"IPV4, ARRAY", "IPV6, ARRAY", "IPV4, LRU_HASH", "IPV6, LRU_HASH", "IPV4, HASH"})
    void whatStaysIsOnExactlyOnePage(Family family, MapType type) {
        try (BpfMap map = table(family, type)) {
            fill(family, map);
            BitSet seen = new BitSet();
            List<Integer> pages = new ArrayList<>();
            int changed = 0;
            for (OptionalLong place = OptionalLong.of(0); place.isPresent(); changed++) {
                int[] page = {0};
                place = new ConnectionScan(family, map).read(place.getAsLong(), PAGE, (listener, client, port, word) -> true,
                        (listener, client, port, word) -> {
                            int number = number(client);
                            assertEquals(LISTENER, listener);
                            assertEquals(RAW_PORT, port);
                            assertEquals(1 + number % 3, ConnectionWord.backend(word));
                            assertTrue(!seen.get(number) || number % CHANGES == 0, number + " is there twice");
                            seen.set(number);
                            page[0]++;
                            return true;
                        });
                pages.add(page[0]);
                remove(family, map, changed * CHANGES);
                put(family, map, CONNECTIONS + changed * CHANGES);
            }
            assertTrue(pages.stream().allMatch(size -> size <= PAGE), "pages of " + pages);
            assertTrue(pages.size() < 1.2 * CONNECTIONS / PAGE, pages.size() + " pages");
            for (int number = 0; number < CONNECTIONS; number++) {
                assertTrue(seen.get(number) || number % CHANGES == 0, number + " is lost");
            }
        }
    }

    private static void fill(Family family, BpfMap map) {
        try (ConnectionFill fill = new ConnectionFill(family, map, 42, 100, false)) {
            for (int number = 0; number < CONNECTIONS; number++) {
                long word = new ConnectionWord(1 + number % 3, true, 1, 0, 0, 100).encode();
                fill.put(LISTENER, client(family, number), RAW_PORT, word);
            }
            assertEquals(0, fill.dropped());
        }
    }

    private static void remove(Family family, BpfMap map, int number) {
        if (map.type() != MapType.ARRAY) {
            map.delete(ConnectionKeys.of(family, client(family, number), RAW_PORT, LISTENER));
        }
    }

    /** A filter that few pass: the page goes on until it is full or the table has ended. */
    @ParameterizedTest
    @CsvSource({"ARRAY", "LRU_HASH"})
    void aPageOfFewIsFullAllTheSame(MapType type) {
        try (BpfMap map = table(Family.IPV4, type)) {
            fill(Family.IPV4, map);
            List<Integer> found = new ArrayList<>();
            ConnectionScan.Visitor few = (listener, client, port, word) -> client[0] % 10_000 == 77;
            ConnectionScan.Visitor taker = (listener, client, port, word) -> found.add(client[0]);
            OptionalLong rest = new ConnectionScan(Family.IPV4, map).read(0, 12, few, taker);
            assertEquals(12, found.size());
            assertTrue(new ConnectionScan(Family.IPV4, map).read(rest.orElseThrow(), 12, few, taker).isEmpty());
            assertEquals(20, found.stream().distinct().count());
            assertEquals(20, found.size());
        }
    }

    /** Of a kernel hash, where none are wanted for a while and then all: how many of the next entries are is only guessed at. */
    @Test
    void aPageOfAKernelHashIsFullWhereItGetsDense() {
        try (BpfMap map = table(Family.IPV4, MapType.LRU_HASH)) {
            fill(Family.IPV4, map);
            BitSet sparse = new BitSet();
            ConnectionScan scan = new ConnectionScan(Family.IPV4, map);
            OptionalLong dense = scan.read(0, 5000, (listener, client, port, word) -> true, (listener, client, port, word) -> {
                sparse.set(client[0]);
                return true;
            });
            int[] page = {0};
            scan.read(0, PAGE, (listener, client, port, word) -> !sparse.get(client[0]), (listener, client, port, word) -> ++page[0] > 0);
            assertTrue(dense.isPresent());
            assertTrue(page[0] <= PAGE && page[0] > 0.98 * PAGE, "a page of " + page[0]);
        }
    }

    /** Places that no table has: the end, and no fault. */
    @ParameterizedTest
    @CsvSource({"ARRAY", "LRU_HASH"})
    void behindTheEndIsNothing(MapType type) {
        try (BpfMap map = table(Family.IPV4, type)) {
            put(Family.IPV4, map, 1);
            ConnectionScan.Visitor none = (listener, client, port, word) -> {
                throw new AssertionError("there is something");
            };
            assertTrue(new ConnectionScan(Family.IPV4, map).read(9_999_999_999L, 12, none, none).isEmpty());
        }
    }
}
