package io.loom.control.internal;

import io.loom.api.config.Upstream;
import io.loom.control.dataplane.LayeredMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

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
        LayeredMap<ServerRef, Integer> ids,
        LayeredMap<ServerRef, Integer> added,
        LayeredMap<ServerRef, WeightOverride> overrides,
        LayeredMap<ServerRef, FileEntry> tombstones) {

    static final RuntimeState EMPTY =
            new RuntimeState(1, 0, LayeredMap.empty(), LayeredMap.empty(), LayeredMap.empty(), LayeredMap.empty());

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

    /** @throws IllegalArgumentException if it contradicts itself */
    static RuntimeState of(
            int nextId, int runtimeFrom, Map<ServerRef, Integer> ids, Map<ServerRef, Integer> added,
            Map<ServerRef, WeightOverride> overrides, Map<ServerRef, FileEntry> tombstones) {
        if (ids.values().stream().distinct().count() != ids.size()) {
            throw new IllegalArgumentException("two backends have one id");
        }
        if (ids.values().stream().anyMatch(id -> id < 1) || nextId < 1 || runtimeFrom < 0) {
            throw new IllegalArgumentException("ids begin at 1");
        }
        if (!ids.keySet().containsAll(added.keySet())) {
            throw new IllegalArgumentException("an added backend has no id");
        }
        return new RuntimeState(nextId, runtimeFrom, LayeredMap.of(ids), LayeredMap.of(added), LayeredMap.of(overrides),
                LayeredMap.of(tombstones));
    }

    /** Of whom another state may say something else. */
    Set<ServerRef> differing(RuntimeState other) {
        Set<ServerRef> differing = new HashSet<>(LayeredMap.differing(ids, other.ids));
        differing.addAll(LayeredMap.differing(added, other.added));
        differing.addAll(LayeredMap.differing(overrides, other.overrides));
        differing.addAll(LayeredMap.differing(tombstones, other.tombstones));
        return differing;
    }

    RuntimeState withIds(LayeredMap<ServerRef, Integer> next) {
        return new RuntimeState(nextId, runtimeFrom, next, added, overrides, tombstones);
    }

    RuntimeState withAdded(LayeredMap<ServerRef, Integer> next) {
        return new RuntimeState(nextId, runtimeFrom, ids, next, overrides, tombstones);
    }

    RuntimeState withOverrides(LayeredMap<ServerRef, WeightOverride> next) {
        return new RuntimeState(nextId, runtimeFrom, ids, added, next, tombstones);
    }

    RuntimeState withTombstones(LayeredMap<ServerRef, FileEntry> next) {
        return new RuntimeState(nextId, runtimeFrom, ids, added, overrides, next);
    }

    RuntimeState withNextId(int next) {
        return new RuntimeState(next, runtimeFrom, ids, added, overrides, tombstones);
    }

    RuntimeState withRuntimeFrom(int from) {
        return new RuntimeState(nextId, from, ids, added, overrides, tombstones);
    }
}
