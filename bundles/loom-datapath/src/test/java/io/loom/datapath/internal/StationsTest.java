package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.MacAddress;
import io.loom.api.Problem;
import io.loom.datapath.internal.layout.StationRow;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StationsTest {
    private static final MacAddress OWN = mac(1);
    private static final MacAddress ROUTER = new MacAddress("00:00:5e:00:01:0a");

    @TempDir
    private Path net;
    private final Map<String, Integer> ifindexes = new LinkedHashMap<>();
    private final Map<String, MacAddress> macs = new HashMap<>();
    private BpfMap map;
    private Stations stations;

    @BeforeEach
    void open() {
        map = BpfMap.create(MapType.ARRAY, "t_stations", Integer.BYTES, StationRow.ROOM * Long.BYTES, StationRow.ROWS, 0);
        stations = new Stations(() -> Optional.of(map), new StackedDevices(net, new Readings()), new Stations.Host() {
            @Override
            public OptionalInt ifindex(String device) {
                return ifindexes.containsKey(device) ? OptionalInt.of(ifindexes.get(device)) : OptionalInt.empty();
            }

            @Override
            public Optional<MacAddress> mac(String device) {
                return Optional.ofNullable(macs.get(device));
            }
        });
        device("eth0", 2, OWN);
    }

    @AfterEach
    void close() {
        map.close();
    }

    private void device(String name, int ifindex, MacAddress mac) {
        ifindexes.put(name, ifindex);
        macs.put(name, mac);
    }

    private static MacAddress mac(int number) {
        return new MacAddress("02:00:00:00:00:" + String.format("%02x", number));
    }

    private static List<Long> words(int ifindex, MacAddress... macs) {
        return List.of(macs).stream().map(mac -> StationRow.word(ifindex, mac)).toList();
    }

    private List<Long> row(int row) {
        return StationRow.decode(map.lookup(Keys.of(row)).orElseThrow());
    }

    @Test
    void anInterfacesOwnAddressIsFirstAndThenWhatTheOperatorNames() {
        stations.accept(List.of(ROUTER));
        stations.look(List.of("eth0"));
        assertEquals(words(2, OWN, ROUTER), row(2));
        stations.accept(List.of());
        stations.look(List.of("eth0"));
        assertEquals(words(2, OWN), row(2));
        stations.look(List.of());
        assertEquals(List.of(), row(2), "where the program is not, nothing is");
    }

    @Test
    void aNewAddressIsSeenAndTheOldOneIsAnothersThen() {
        stations.look(List.of("eth0"));
        macs.put("eth0", mac(9));
        stations.look(List.of("eth0"));
        assertEquals(words(2, mac(9)), row(2));
    }

    @Test
    void anInterfaceThatComesLaterIsSeenAndOneThatGoesIsForgotten() {
        stations.look(List.of("eth0", "later"));
        assertEquals(words(2, OWN), row(2));
        device("later", 7, mac(7));
        stations.look(List.of("eth0", "later"));
        assertEquals(words(7, mac(7)), row(7));
        ifindexes.remove("later");
        stations.look(List.of("eth0", "later"));
        assertEquals(List.of(), row(7));
        assertEquals(words(2, OWN), row(2));
    }

    @Test
    void interfacesWhoseNumbersFallIntoOneRowShareIt() {
        device("far", 2 + 3 * StationRow.ROWS, mac(3));
        stations.accept(List.of(ROUTER));
        stations.look(List.of("eth0", "far"));
        List<Long> both = new ArrayList<>(words(2, OWN, ROUTER));
        both.addAll(words(2 + 3 * StationRow.ROWS, mac(3), ROUTER));
        assertEquals(both, row(2));
    }

    @Test
    void withoutAnEthernetAddressNothingIsKnown() {
        device("lo", 1, new MacAddress("00:00:00:00:00:00"));
        stations.accept(List.of(ROUTER));
        stations.look(List.of("lo"));
        assertEquals(List.of(), row(1), "every frame is ours there");
    }

    @Test
    void whatFindsNoRoomIsAProblemThatNamesItUntilItDoes() {
        stations.accept(manyFrom(100));
        device("far", 2 + StationRow.ROWS, mac(3));
        stations.look(List.of("eth0", "far"));
        List<Problem> problems = stations.problems();
        assertEquals(List.of("LOOM-1275"), problems.stream().map(Problem::code).toList());
        assertTrue(problems.get(0).text().contains("far") && problems.get(0).text().contains(mac(115).text()), problems::toString);
        assertEquals(StationRow.ROOM, row(2).size());
        stations.accept(List.of());
        stations.look(List.of("eth0", "far"));
        assertEquals(List.of(), stations.problems());
    }

    private static List<MacAddress> manyFrom(int first) {
        List<MacAddress> many = new ArrayList<>();
        for (int number = 0; number < 16; number++) {
            many.add(mac(first + number));
        }
        return many;
    }

    /** A frame that meets the row while it is written, word by word, must not be taken for another station's. */
    @Test
    void anAddressThatStaysIsNeverAbsentMeanwhile() {
        for (List<Long> before : List.of(List.of(1L), List.of(1L, 2L), List.of(2L, 1L, 3L), List.of(9L, 8L, 7L, 1L))) {
            for (List<Long> after : List.of(List.of(1L), List.of(3L, 1L), List.of(2L, 1L), List.of(5L, 6L, 7L, 8L, 1L), List.of(4L, 4L, 1L))) {
                long[] row = new long[StationRow.ROOM];
                List<List<Long>> steps = new ArrayList<>(List.of(before));
                steps.addAll(Stations.steps(before, after));
                for (List<Long> step : steps) {
                    for (int at = 0; at < row.length; at++) {
                        row[at] = at < step.size() ? step.get(at) : 0;
                        assertTrue(step == before || has(row, 1), before + " to " + after + " at " + at + " of " + step);
                    }
                }
                assertEquals(after, steps.get(steps.size() - 1));
            }
        }
    }

    /** As the program looks: up to the first empty place. */
    private static boolean has(long[] row, long word) {
        for (long one : row) {
            if (one == word || one == 0) {
                return one == word;
            }
        }
        return false;
    }
}
