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
        compareConnections(maps.get("loom_conns4"), tuning.connections(), problems);
        compare("maps.stats", maps.get("loom_verdicts"), tuning.verdicts(), problems);
        return problems;
    }

    private static void compareConnections(BpfMap map, Tuning.Connections wanted, List<Problem> problems) {
        Tuning.Connections there = Tuning.Connections.of(map);
        if (there.kind() != wanted.kind() || !there.map().equals(wanted.map())) {
            problems.add(differs("maps.connections", text(there.kind().name(), there.maxEntries()),
                    text(wanted.kind().name(), wanted.maxEntries())));
        }
    }

    private static void compare(String key, BpfMap map, Tuning.Size wanted, List<Problem> problems) {
        if (map.maxEntries() != wanted.maxEntries() || map.type() != wanted.type()) {
            problems.add(differs(key, text(map.type().name(), map.maxEntries()), text(wanted.type().name(), wanted.maxEntries())));
        }
    }

    private static Problem differs(String key, String there, String wanted) {
        return Problem.of(
                "LOOM-1220", key + " needs a restart", "the kernel has " + there + ", the file says " + wanted,
                "loomd --detach and start again: connections are lost; everything else of the file is in force");
    }

    private static String text(String type, int entries) {
        return type.toLowerCase(Locale.ROOT) + " of " + entries;
    }
}
