package io.loom.itests.bench;

import io.loom.libbpf.BpfMap;
import java.util.List;

/**
 * Bytes of the tables for each connection that they are configured for, by the sizes of the default table's maps. Maps whose
 * size is the same whatever the configuration, such as locks and counters, are left out.
 *
 * @param target bytes that are allowed
 */
record MemoryUse(String name, double bytes, int target) {

    /** @param entries that the stage is configured for */
    static List<MemoryUse> of(Stage stage, int entries) {
        double direct4 = bytes(stage, "loom_conns4") / (double) entries;
        double direct6 = bytes(stage, "loom_conns6") / (double) entries;
        double pairs4 = bytes(stage, "nat_pairs4") / (double) entries;
        return List.of(new MemoryUse("direct_v4", direct4, 40), new MemoryUse("direct_v6", direct6, 72),
                new MemoryUse("nat_v4", direct4 + pairs4, 112));
    }

    private static long bytes(Stage stage, String name) {
        BpfMap map = stage.plane().map(name);
        return (long) map.maxEntries() * map.valueSize();
    }

    boolean met() {
        return bytes <= target;
    }
}
