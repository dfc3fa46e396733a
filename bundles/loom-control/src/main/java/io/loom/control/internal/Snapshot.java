package io.loom.control.internal;

import io.loom.api.Problem;
import io.loom.api.control.BackendView;
import io.loom.api.control.Status.ProgramView;
import io.loom.api.control.VipView;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What front ends see: made by the writer thread after each round, read by any thread.
 *
 * @param waiting what readiness waits for; empty when ready
 * @param holding groups whose tables wait for next hops that are about to be known
 */
record Snapshot(
        String waiting, List<Problem> warnings, ProgramView program, List<String> methods, List<String> algorithms,
        List<VipView> vips, List<BackendView> backends, Set<String> holding) {

    static final Snapshot NONE = new Snapshot(
            "the configuration", List.of(), new ProgramView(0, "", "", List.of()), List.of(), List.of(), List.of(),
            List.of(), Set.of());

    Optional<BackendView> backend(int id) {
        return backends.stream().filter(backend -> backend.id() == id).findFirst();
    }

    boolean resolving(int id) {
        return backend(id).filter(view -> view.state() == BackendView.State.RESOLVING).isPresent();
    }
}
