package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.tcp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import io.loom.datapath.internal.layout.GuardEntry;
import io.loom.datapath.internal.layout.LimitEntry;
import io.loom.datapath.internal.layout.ListenerKeys;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Of maps that no program reads. */
class ListenersTest {
    private static final int BPF_F_MMAPABLE = 1 << 10;
    private static final TableKey TABLE = new TableKey("web", Family.IPV4);
    private static final String THERE = "10.9.9.9";
    private static final String NEW = "10.9.9.8";
    /** For as many as find room, and for two more. */
    private static final int NUMBERS = 2 * ListenerKeys.WAYS + 2;

    private final BpfMap entries4 = mapped(ListenerKeys.bucketSize(Family.IPV4), ListenerKeys.BUCKETS);
    private final BpfMap entries6 = mapped(ListenerKeys.bucketSize(Family.IPV6), ListenerKeys.BUCKETS);
    private final BpfMap limits = mapped(LimitEntry.SIZE, NUMBERS);
    private final BpfMap guardEntries = mapped(GuardEntry.NONE.encode().length, NUMBERS);
    private final BpfMap counters = mapped(Long.BYTES, NUMBERS);
    private final Meta meta = Meta.create();
    private final Tables tables = new Tables(new TableContent(counters, Path.of("nowhere")), meta);
    private final Guards guards = new Guards(guardEntries, new LimitTable(limits, () -> 0));
    private final Listeners listeners = new Listeners(entries4, entries6, counters, tables, guards, meta);

    private static BpfMap mapped(int size, int entries) {
        return BpfMap.create(MapType.ARRAY, "t_listeners", Integer.BYTES, size, entries, BPF_F_MMAPABLE);
    }

    @AfterEach
    void close() {
        listeners.close();
        guards.close();
        Stream.of(entries4, entries6, limits, guardEntries, counters).forEach(BpfMap::close);
        meta.close();
    }

    private void put(ListenerKey listener) {
        listeners.put(listener, TestHost.spec(TABLE, false));
    }

    /** Each attempt is followed by another one. */
    @Test
    void oneThatFindsNoRoomLeavesNothingBehind() {
        tables.put(List.of(TABLE), new TableSpec("maglev", 7, new TreeMap<>()), LookupTable.Index.FLOW_HASH, new int[0]);
        tables.flush(moved -> {});
        ListenerKey late = fill();
        for (int i = 0; i < 3; i++) {
            assertEquals("LOOM-1213", assertThrows(LoomException.class, () -> put(late)).code());
        }
        assertEquals(Set.of(IpAddress.parse(THERE).orElseThrow()), new ListenerTable(Family.IPV4, entries4).addresses());
    }

    /** Where loom_meta has no room for its name. */
    @Test
    void aTableThatCannotBeNotedTakesNoNumberWithEachAttempt() {
        int entries = meta.map().maxEntries();
        IntStream.range(0, entries).forEach(i -> meta.put("full." + i, ""));
        TableSpec spec = new TableSpec("maglev", 7, new TreeMap<>());
        for (int i = 0; i < 3; i++) {
            assertThrows(LoomException.class, () -> tables.put(List.of(TABLE), spec, LookupTable.Index.FLOW_HASH, new int[0]));
        }
        meta.remove("full.0");
        tables.put(List.of(TABLE), spec, LookupTable.Index.FLOW_HASH, new int[0]);
        tables.flush(moved -> {});
        assertEquals(0, tables.get(TABLE).orElseThrow().number());
    }

    /** @return one whose two buckets are full */
    private ListenerKey fill() {
        Map<Integer, List<ListenerKey>> byFirst = IntStream.range(1, 65_536).mapToObj(port -> tcp(THERE, port))
                .collect(Collectors.groupingBy(listener -> buckets(listener)[0]));
        ListenerKey late = IntStream.range(1, 65_536).mapToObj(port -> tcp(NEW, port))
                .filter(listener -> Arrays.stream(buckets(listener)).distinct().count() > 1
                        && Arrays.stream(buckets(listener)).allMatch(bucket -> byFirst.getOrDefault(bucket, List.of()).size() >= ListenerKeys.WAYS))
                .findFirst().orElseThrow();
        Arrays.stream(buckets(late)).forEach(bucket -> byFirst.get(bucket).stream().limit(ListenerKeys.WAYS).forEach(this::put));
        return late;
    }

    private static int[] buckets(ListenerKey listener) {
        return ListenerKeys.buckets(ListenerKeys.encode(listener));
    }
}
