package io.loom.control.internal;

import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a new configuration file does to runtime changes, as a pure function. An override or tombstone ends when its entry
 * in the file changes or goes; a backend that was added at run time becomes the file's when the file names it, and keeps its
 * id. Ids: the file's explicit ones first, then those remembered, then the lowest free from 1.
 */
final class FileMerge {
    private final RuntimeState before;
    private final Map<ServerRef, Upstream.Server> servers = new LinkedHashMap<>();
    private final List<Problem> warnings = new ArrayList<>();

    /** @param warnings about ids that could not be given */
    record Merged(RuntimeState state, List<Problem> warnings) {}

    private FileMerge(RuntimeState before, LoomConfig config) {
        this.before = before;
        for (Upstream upstream : config.upstreams()) {
            for (Upstream.Server server : upstream.servers()) {
                servers.put(new ServerRef(upstream.name(), server.endpoint()), server);
            }
        }
    }

    static Merged merge(RuntimeState before, LoomConfig config) {
        return new FileMerge(before, config).merged();
    }

    private Merged merged() {
        SortedMap<ServerRef, Integer> added = new TreeMap<>(before.added());
        added.keySet().removeAll(servers.keySet());
        SortedMap<ServerRef, RuntimeState.WeightOverride> overrides = new TreeMap<>(before.overrides());
        overrides.entrySet().removeIf(entry -> changed(entry.getKey(), entry.getValue().file()));
        SortedMap<ServerRef, RuntimeState.FileEntry> tombstones = new TreeMap<>(before.tombstones());
        tombstones.entrySet().removeIf(entry -> changed(entry.getKey(), entry.getValue()));
        SortedMap<ServerRef, Integer> ids = ids(added.keySet());
        int highest = ids.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        int next = Math.max(before.nextId(), highest == Integer.MAX_VALUE ? highest : highest + 1);
        return new Merged(
                RuntimeState.of(next, before.runtimeFrom(), ids, added, overrides, tombstones), List.copyOf(warnings));
    }

    private boolean changed(ServerRef ref, RuntimeState.FileEntry then) {
        Upstream.Server server = servers.get(ref);
        return server == null || !then.says(server);
    }

    private SortedMap<ServerRef, Integer> ids(Set<ServerRef> added) {
        SortedMap<ServerRef, Integer> ids = new TreeMap<>();
        Set<Integer> taken = new HashSet<>();
        added.forEach(ref -> claim(ids, taken, ref, before.ids().get(ref)));
        servers.forEach((ref, server) -> server.id().ifPresent(id -> claim(ids, taken, ref, id)));
        before.ids().forEach((ref, id) -> {
            if (!ids.containsKey(ref)) {
                claim(ids, taken, ref, id);
            }
        });
        int id = 0;
        for (Map.Entry<ServerRef, Upstream.Server> entry : servers.entrySet()) {
            ServerRef ref = entry.getKey();
            if (!ids.containsKey(ref)) {
                id = nextFree(taken, id);
                claim(ids, taken, ref, id);
            }
        }
        servers.forEach((ref, server) -> server.id().ifPresent(wanted -> warnOfOther(ref, wanted, ids.get(ref))));
        return ids;
    }

    /** Each time: what it has may be what it got when the file was read before. */
    private void warnOfOther(ServerRef ref, int wanted, int given) {
        if (given != wanted) {
            warnings.add(ControlProblem.idTaken(ref, wanted, given));
        }
    }

    private static void claim(Map<ServerRef, Integer> ids, Set<Integer> taken, ServerRef ref, int id) {
        if (taken.add(id)) {
            ids.put(ref, id);
        }
    }

    /** The lowest free id above one below which there is none: each is looked at once for all servers. */
    private int nextFree(Set<Integer> taken, int below) {
        int id = below + 1;
        while (taken.contains(id) || before.runtimeFrom() > 0 && id >= before.runtimeFrom() && id < before.nextId()) {
            id++;
        }
        return id;
    }
}
