package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.datapath.Composition;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Compares the sizes and types that are configured with those of the maps that exist. Pure but for reading them. */
final class MapSizes {
    /** In loom_meta: the kernel's release that has only the kernel's own connection table. */
    static final String REPLACED = "replaced";

    private MapSizes() {}

    /** @param replaced the kernel's release if it cannot have the cache */
    static List<Problem> differences(Map<String, BpfMap> maps, Tuning tuning, Optional<String> replaced) {
        List<Problem> problems = new ArrayList<>();
        compareBackends(maps.get("loom_backends"), tuning.backends(), problems);
        compareConnections(maps.get("loom_conns4"), tuning.connections(), replaced, problems);
        compare("maps.stats", maps.get("loom_verdicts"), tuning.verdicts(), problems);
        compareRing(Optional.ofNullable(maps.get(Tracer.RING)), tuning.ringBytes(), problems);
        return problems;
    }

    /** How much a map holds of what an operator counts: of connections and backends, where entries are something else. */
    static int room(BpfMap map) {
        if (Composition.OF_BACKENDS.contains(map.name())) {
            return Tuning.backends(map.maxEntries());
        }
        return map.name().startsWith("loom_conns") ? Tuning.Connections.of(map).maxEntries() : map.maxEntries();
    }

    private static void compareBackends(BpfMap map, Tuning.Size wanted, List<Problem> problems) {
        if (map.maxEntries() != wanted.maxEntries() || map.type() != wanted.type()) {
            problems.add(differs("maps.backends", text(map.type().name(), room(map)),
                    text(wanted.type().name(), Tuning.backends(wanted.maxEntries()))));
        }
    }

    private static void compareConnections(
            BpfMap map, Tuning.Connections wanted, Optional<String> replaced, List<Problem> problems) {
        Tuning.Connections there = Tuning.Connections.of(map);
        if (replaced.isPresent() && wanted.isCache() && there.maxEntries() == wanted.maxEntries()) {
            problems.add(Problem.of(
                    "LOOM-1221", "the connection table is an lru_hash, not the cache",
                    "the verifier of Linux " + replaced.get() + " does not follow a program with the cache and these methods to its end",
                    "use a newer kernel (Linux 6.12 is tested); or set maps.connections.type: lru_hash: floods can then evict"
                            + " established connections"));
            return;
        }
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

    /** @param there empty until the program of an older version is replaced, which then makes it as it is wanted */
    private static void compareRing(Optional<BpfMap> there, int wanted, List<Problem> problems) {
        there.map(BpfMap::maxEntries).filter(bytes -> bytes != wanted).ifPresent(bytes ->
                problems.add(differs("xdp.ring_buffer_size", "a ring of " + bytes + " bytes", "one of " + wanted)));
    }

    private static Problem differs(String key, String there, String wanted) {
        return Problem.of(
                "LOOM-1220", key + " needs a restart", "the kernel has " + there + ", the file says " + wanted,
                "restart loomd, which keeps connections; everything else of the file is in force");
    }

    private static String text(String type, int entries) {
        return type.toLowerCase(Locale.ROOT) + " of " + entries;
    }
}
