package io.loom.control.internal;

import io.loom.api.config.Upstream;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What people changed at run time and must survive a restart.
 *
 * @param nextId      the id that the next added backend gets; never goes down, so no id is given twice
 * @param runtimeFrom first id ever given at run time, 0 if none was: file entries without {@code id} keep out of
 *                    {@code runtimeFrom} to {@code nextId}, where deleted backends had theirs
 * @param ids         of every backend that has one, and of file entries that are gone (they get it back on return)
 * @param added       weights of backends that were added
 * @param overrides   changed weights of the file's backends
 * @param tombstones  removed backends of the file, with what the file said of them at the time
 */
record RuntimeState(
        int nextId,
        int runtimeFrom,
        SortedMap<ServerRef, Integer> ids,
        SortedMap<ServerRef, Integer> added,
        SortedMap<ServerRef, WeightOverride> overrides,
        SortedMap<ServerRef, FileEntry> tombstones) {

    /** Made here only: what an earlier state has is taken as it is, or each change would copy thousands of backends several times. */
    private static final Class<?> FROZEN = Collections.unmodifiableSortedMap(new TreeMap<>()).getClass();

    static final RuntimeState EMPTY =
            new RuntimeState(1, 0, new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());

    /** @param file the entry in the file when it was overridden; another one there ends the override */
    record WeightOverride(int weight, FileEntry file) {}

    /**
     * What the file says of a backend.
     *
     * @param id             0: none; {@link #UNKNOWN} in what an earlier version wrote
     * @param maxConnections the same
     */
    record FileEntry(int weight, int id, int maxConnections) {
        static final int UNKNOWN = -1;

        static FileEntry of(Upstream.Server server) {
            return new FileEntry(server.weight(), server.id().orElse(0), server.maxConnections());
        }

        boolean says(Upstream.Server server) {
            FileEntry now = of(server);
            return weight == now.weight && (id == UNKNOWN || id == now.id)
                    && (maxConnections == UNKNOWN || maxConnections == now.maxConnections);
        }
    }

    RuntimeState {
        boolean unknown = !FROZEN.isInstance(ids);
        ids = frozen(ids);
        added = frozen(added);
        overrides = frozen(overrides);
        tombstones = frozen(tombstones);
        if (unknown && ids.values().stream().distinct().count() != ids.size()) {
            throw new IllegalArgumentException("two backends have one id");
        }
        if (unknown && ids.values().stream().anyMatch(id -> id < 1) || nextId < 1 || runtimeFrom < 0) {
            throw new IllegalArgumentException("ids begin at 1");
        }
        if (!ids.keySet().containsAll(added.keySet())) {
            throw new IllegalArgumentException("an added backend has no id");
        }
    }

    private static <V> SortedMap<ServerRef, V> frozen(Map<ServerRef, V> map) {
        if (FROZEN.isInstance(map)) {
            return (SortedMap<ServerRef, V>) map;
        }
        if (map.containsValue(null)) {
            throw new IllegalArgumentException("a value is missing");
        }
        return Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }

    RuntimeState withIds(Map<ServerRef, Integer> next) {
        return new RuntimeState(nextId, runtimeFrom, new TreeMap<>(next), added, overrides, tombstones);
    }

    RuntimeState withAdded(Map<ServerRef, Integer> next) {
        return new RuntimeState(nextId, runtimeFrom, ids, frozen(next), overrides, tombstones);
    }

    RuntimeState withOverrides(Map<ServerRef, WeightOverride> next) {
        return new RuntimeState(nextId, runtimeFrom, ids, added, frozen(next), tombstones);
    }

    RuntimeState withTombstones(Map<ServerRef, FileEntry> next) {
        return new RuntimeState(nextId, runtimeFrom, ids, added, overrides, frozen(next));
    }

    RuntimeState withNextId(int next) {
        return new RuntimeState(next, runtimeFrom, ids, added, overrides, tombstones);
    }

    RuntimeState withRuntimeFrom(int from) {
        return new RuntimeState(nextId, from, ids, added, overrides, tombstones);
    }
}
