package io.loom.control.internal;

import io.loom.api.Problem;
import io.loom.api.control.BackendView;
import io.loom.api.control.Status.ProgramView;
import io.loom.api.control.VipView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What front ends see: made by the writer thread after each round, read by any thread.
 *
 * @param waiting  what readiness waits for; empty when ready
 * @param problems all but those of vips
 * @param views    of vips and backends; empty before there is a configuration
 * @param holding  groups whose tables wait for next hops that are about to be known
 */
record Snapshot(
        String waiting, List<Problem> problems, ProgramView program, List<String> methods, List<String> algorithms,
        Optional<Views> views, Set<String> holding) {

    static final Snapshot NONE = new Snapshot(
            "the configuration", List.of(), new ProgramView(0, "", "", List.of()), List.of(), List.of(), Optional.empty(), Set.of());

    List<VipView> vips() {
        return views.map(Views::vips).orElse(List.of());
    }

    List<BackendView> backends() {
        return views.map(Views::backends).orElse(List.of());
    }

    List<Problem> warnings() {
        List<Problem> all = new ArrayList<>(problems);
        views.ifPresent(seen -> all.addAll(seen.problems()));
        return all;
    }

    Optional<BackendView> backend(int id) {
        return views.flatMap(seen -> seen.backend(id));
    }

    boolean resolving(int id) {
        return backend(id).filter(view -> view.state() == BackendView.State.RESOLVING).isPresent();
    }
}
