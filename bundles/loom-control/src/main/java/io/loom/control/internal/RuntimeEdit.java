package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.TakenAddresses;
import io.loom.api.config.Upstream;
import io.loom.api.control.NewBackend;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Runtime changes as pure functions of the file and the earlier changes. All refuse with LOOM-34xx and change nothing. */
final class RuntimeEdit {
    private final LoomConfig config;
    private final RuntimeState state;
    private final Inventory inventory;

    /** @param id of the backend that was changed */
    record Edited(RuntimeState state, int id, ServerRef ref) {
        String upstream() {
            return ref.upstream();
        }
    }

    /** @param inventory of this configuration and state */
    RuntimeEdit(LoomConfig config, RuntimeState state, Inventory inventory) {
        this.config = config;
        this.state = state;
        this.inventory = inventory;
    }

    /** Adds a backend. One that the file has and that was removed at run time comes back under its old id. */
    Edited add(String upstream, NewBackend backend) {
        ServerRef ref = new ServerRef(group(upstream), backend.endpoint());
        check(backend);
        Optional<Upstream.Server> inFile = inFile(ref);
        if (state.added().containsKey(ref) || inFile.isPresent() && !state.tombstones().containsKey(ref)) {
            throw ControlProblem.duplicate(ref, state.ids().get(ref));
        }
        requireRoom();
        if (inFile.isPresent()) {
            return new Edited(overridden(revived(ref), ref, backend.weight(), inFile.get()),
                    state.ids().get(ref), ref);
        }
        return added(ref, backend.weight());
    }

    Edited weight(int id, OptionalInt weight) {
        ServerRef ref = visible(id);
        weight.ifPresent(wanted -> refuse(NewBackend.weightProblems(wanted)));
        if (weight.isEmpty()) {
            return new Edited(state, id, ref);
        }
        if (state.added().containsKey(ref)) {
            return new Edited(state.withAdded(state.added().with(ref, weight.getAsInt())), id, ref);
        }
        Upstream.Server file = inFile(ref).orElseThrow(() -> ControlProblem.unknownId(id));
        return new Edited(overridden(state, ref, weight.getAsInt(), file), id, ref);
    }

    Edited remove(int id) {
        ServerRef ref = visible(id);
        if (state.added().containsKey(ref)) {
            RuntimeState gone = state.withAdded(state.added().without(ref)).withIds(state.ids().without(ref));
            return new Edited(gone, id, ref);
        }
        Upstream.Server file = inFile(ref).orElseThrow(() -> ControlProblem.unknownId(id));
        RuntimeState buried = state.withTombstones(state.tombstones().with(ref, RuntimeState.FileEntry.of(file)))
                .withOverrides(state.overrides().without(ref));
        return new Edited(buried, id, ref);
    }

    private void requireRoom() {
        int inFile = config.upstreams().stream().mapToInt(upstream -> upstream.servers().size()).sum();
        int count = inFile - state.tombstones().size() + state.added().size();
        if (count >= config.maps().backends().maxEntries()) {
            throw ControlProblem.full(count);
        }
    }

    private Edited added(ServerRef ref, int weight) {
        int id = state.nextId();
        if (id == Integer.MAX_VALUE) {
            throw ControlProblem.noIdsLeft();
        }
        RuntimeState next = state.withIds(state.ids().with(ref, id))
                .withAdded(state.added().with(ref, weight))
                .withNextId(id + 1)
                .withRuntimeFrom(state.runtimeFrom() == 0 ? id : state.runtimeFrom());
        return new Edited(next, id, ref);
    }

    private RuntimeState revived(ServerRef ref) {
        return state.withTombstones(state.tombstones().without(ref));
    }

    private static RuntimeState overridden(RuntimeState state, ServerRef ref, int weight, Upstream.Server file) {
        return state.withOverrides(weight == file.weight()
                ? state.overrides().without(ref)
                : state.overrides().with(ref, new RuntimeState.WeightOverride(weight, RuntimeState.FileEntry.of(file))));
    }

    private ServerRef visible(int id) {
        return inventory.member(id).map(member -> new ServerRef(member.upstream(), member.endpoint()))
                .orElseThrow(() -> ControlProblem.unknownId(id));
    }

    private Optional<Upstream.Server> inFile(ServerRef ref) {
        return config.upstreams().stream()
                .filter(upstream -> upstream.name().equals(ref.upstream()))
                .flatMap(upstream -> upstream.servers().stream())
                .filter(server -> server.endpoint().equals(ref.endpoint()))
                .findFirst();
    }

    private String group(String name) {
        List<String> choices = config.upstreams().stream().map(Upstream::name).sorted().toList();
        if (choices.contains(name)) {
            return name;
        }
        if (name.isEmpty() && choices.contains("default")) {
            return "default";
        }
        if (name.isEmpty() && choices.size() == 1) {
            return choices.get(0);
        }
        throw ControlProblem.badUpstream(name, choices);
    }

    private void check(NewBackend backend) {
        refuse(backend.problems());
        new TakenAddresses(config.vips(), config.nat().sourceAddresses()).owner(backend.endpoint().address()).ifPresent(owner -> {
            throw ControlProblem.takenAddress(backend.endpoint(), owner);
        });
    }

    private static void refuse(List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw new LoomException(problems, null);
        }
    }
}
