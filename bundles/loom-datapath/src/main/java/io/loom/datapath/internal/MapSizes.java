package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Compares the sizes and types that are configured with those of the maps that exist. Pure but for reading them. */
final class MapSizes {
    private MapSizes() {}

    static List<Problem> differences(Map<String, BpfMap> maps, Tuning tuning) {
        List<Problem> problems = new ArrayList<>();
        compare("maps.backends", maps.get("loom_backends"), tuning.backends(), problems);
        compare("maps.connections", maps.get("loom_conns4"), tuning.connections().map(), problems);
        compare("maps.stats", maps.get("loom_verdicts"), tuning.verdicts(), problems);
        return problems;
    }

    private static void compare(String key, BpfMap map, Tuning.Size wanted, List<Problem> problems) {
        if (map.maxEntries() != wanted.maxEntries() || map.type() != wanted.type()) {
            problems.add(Problem.of(
                    "LOOM-1220", key + " needs a restart",
                    "the kernel has " + text(map.type().name(), map.maxEntries()) + ", the file says "
                            + text(wanted.type().name(), wanted.maxEntries()),
                    "loomd --detach and start again: connections are lost; everything else of the file is in force"));
        }
    }

    private static String text(String type, int entries) {
        return type.toLowerCase(Locale.ROOT) + " of " + entries;
    }
}
