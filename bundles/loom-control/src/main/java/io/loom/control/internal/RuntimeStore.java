package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Keeps runtime changes in {@code DATA/runtime.json}. After {@link #save} returned, a crash at any time leaves the new
 * content; after a crash within it, the old or the new one. Writer thread only.
 */
final class RuntimeStore {
    private final Path file;
    private final Disk disk;
    private final RuntimeJson json = new RuntimeJson();
    private Optional<RuntimeState> saved = Optional.empty();

    /** @param problem why earlier changes are not in force; empty if all is well */
    record Loaded(RuntimeState state, Optional<Problem> problem) {}

    RuntimeStore(Path directory, Disk disk) {
        this.file = directory.resolve("runtime.json");
        this.disk = disk;
    }

    /** What was saved last; nothing, with a problem, if that cannot be read: then the file is moved aside, never lost. */
    Loaded load() {
        try {
            Optional<byte[]> content = disk.read(file);
            if (content.isEmpty()) {
                return new Loaded(RuntimeState.EMPTY, Optional.empty());
            }
            RuntimeState state = json.read(content.get());
            saved = Optional.of(state);
            return new Loaded(state, Optional.empty());
        } catch (IOException unreadable) {
            return new Loaded(RuntimeState.EMPTY, Optional.of(moveAside(unreadable)));
        }
    }

    private Problem moveAside(IOException unreadable) {
        Path aside = file.resolveSibling("runtime.json.unreadable");
        for (int n = 1; Files.exists(aside); n++) {
            aside = file.resolveSibling("runtime.json.unreadable-" + n);
        }
        try {
            disk.rename(file, aside);
            disk.force(file.getParent());
            return ControlProblem.storeMovedAside(file.toString(), aside.toString(), unreadable);
        } catch (IOException immovable) {
            unreadable.addSuppressed(immovable);
            throw new LoomException(ControlProblem.storeNotWritten(file.toString(), immovable), unreadable);
        }
    }

    /** True if exactly this is known to be durable. */
    boolean holds(RuntimeState state) {
        return saved.filter(last -> last == state || last.equals(state)).isPresent();
    }

    /** Makes the state durable. @throws LoomException LOOM-3501; save the state that stays in force again, then */
    void save(RuntimeState state) {
        if (holds(state)) {
            return;
        }
        saved = Optional.empty(); // until it is: what lasts after a failure is tried again with each round, and is told
        Path temporary = file.resolveSibling("runtime.json.new");
        try {
            makeDirectory(file.getParent());
            disk.write(temporary, json.write(state));
            disk.rename(temporary, file);
            disk.force(file.getParent());
            saved = Optional.of(state);
        } catch (IOException failure) {
            throw new LoomException(ControlProblem.storeNotWritten(file.toString(), failure), failure);
        }
    }

    private void makeDirectory(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory);
            disk.force(directory.toAbsolutePath().getParent());
        }
    }
}
