package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.datapath.Composer;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.MapPlan;
import io.loom.libbpf.MapType;
import java.util.List;
import org.junit.jupiter.api.Test;

class MapMemoryTest {
    /** Maps of a kilobyte or two have a larger share of what the kernel keeps beside the entries. */
    @Test
    void whatIsForetoldIsWhatTheKernelCharges() {
        int cpus = Kernel.possibleCpus();
        for (MapPlan plan : List.of(
                new MapPlan("t_array", MapType.ARRAY, 4, 64, 20_000, 0),
                new MapPlan("t_mmap", MapType.ARRAY, 4, 128, 20_000, 1 << 10),
                new MapPlan("t_percpu", MapType.PERCPU_ARRAY, 4, 24, 20_000, 0),
                new MapPlan("t_hash", MapType.HASH, 20, 24, 20_000, 0),
                new MapPlan("t_growing", MapType.HASH, 20, 24, 20_000, 1),
                new MapPlan("t_lru", MapType.LRU_HASH, 8, 16, 20_000, 0), new MapPlan("t_ring", MapType.RINGBUF, 0, 0, 1 << 20, 0))) {
            try (BpfMap map = BpfMap.create(
                    plan.type(), plan.name(), plan.keySize(), plan.valueSize(), plan.maxEntries(), plan.flags())) {
                assertEquals(map.memoryBytes(), plan.bytes(cpus), map.memoryBytes() / 20.0, plan::toString);
            }
        }
    }

    @Test
    void anObjectTellsItsMapsBeforeItIsLoaded() {
        try (BpfObject object = BpfObject.open("loom", Composer.object("core_cache"))) {
            object.resize("loom_backends", 1000);
            assertEquals(new MapPlan("loom_backends", MapType.ARRAY, 4, 64, 1000, 0), object.plan("loom_backends"));
        }
    }

    @Test
    void peopleGetALineForEachLargeMapAndTheSum() {
        List<MapPlan> plans = List.of(new MapPlan("large", MapType.ARRAY, 4, 256, 1 << 20, 0),
                new MapPlan("fair", MapType.ARRAY, 4, 8, 1 << 17, 0), new MapPlan("small", MapType.ARRAY, 4, 8, 1 << 16, 0));
        assertEquals(List.of("map large, 1048576 entries: 256.0 MiB", "map fair, 131072 entries: 1.0 MiB",
                "all maps together: 257.5 MiB of kernel memory, of which this host has 300.0 MiB to give"), MapMemory.lines(plans, 2, 300 << 20));
    }

    @Test
    void theRingOfTheTraceHasALineHoweverSmall() {
        assertEquals("map loom_trace, a ring: 0.3 MiB",
                MapMemory.lines(List.of(new MapPlan("loom_trace", MapType.RINGBUF, 0, 0, 1 << 18, 0)), 2, 300 << 20).get(0));
    }

    @Test
    void aHostWithTooLittleIsToldWhatTakesHowMuch() {
        List<MapPlan> plans = List.of(new MapPlan("loom_conns4", MapType.ARRAY, 4, 256, 1 << 20, 0));
        LoomException refused = assertThrows(LoomException.class, () -> MapMemory.require(plans, 2, 100 << 20));
        assertEquals("LOOM-1231", refused.problems().get(0).code());
        assertTrue(refused.getMessage().contains("256.0 MiB") && refused.getMessage().contains("100.0 MiB"), refused.getMessage());
        MapMemory.require(plans, 2, 300 << 20);
        assertEquals(2048L * 1024, MapMemory.available(List.of("MemTotal: 4096 kB", "MemAvailable:    2048 kB")));
    }
}
