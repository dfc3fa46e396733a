package io.loom.control.internal;

import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is wrong with the control plane's own work, by the step that failed. Writer thread only.
 */
final class Troubles {
    private final List<Problem> loading;
    private List<Problem> saving = List.of();
    private List<Problem> merging = List.of();
    private List<Problem> configuring = List.of();
    private List<Problem> applying = List.of();
    private List<Problem> building = List.of();

    /** @param loading of the runtime store; stays until the next start */
    Troubles(Optional<Problem> loading) {
        this.loading = loading.stream().toList();
    }

    void saving(List<Problem> problems) {
        saving = List.copyOf(problems);
    }

    void merging(List<Problem> problems) {
        merging = List.copyOf(problems);
    }

    List<Problem> configuring() {
        return configuring;
    }

    void configuring(List<Problem> problems) {
        configuring = List.copyOf(problems);
    }

    List<Problem> applying() {
        return applying;
    }

    void applying(List<Problem> problems) {
        applying = List.copyOf(problems);
    }

    List<Problem> building() {
        return building;
    }

    /** Of algorithms, which concern their vips alone. */
    void building(List<Problem> problems) {
        building = List.copyOf(problems);
    }

    /** Why the kernel does not match the configuration; empty if it does. */
    String failing() {
        return Stream.concat(configuring.stream(), applying.stream()).map(Problem::toString).findFirst().orElse("");
    }

    /** Everything that status lists, but for what vips lack. @param plane problems of the data path */
    List<Problem> all(List<Problem> plane, Optional<LoomConfig> config, Inventory inventory) {
        List<Problem> all = new ArrayList<>(configuring);
        if (!applying.isEmpty()) {
            all.add(ControlProblem.retrying(applying));
        }
        all.addAll(building);
        all.addAll(loading);
        all.addAll(saving);
        all.addAll(plane);
        config.ifPresent(file -> all.addAll(file.warnings()));
        all.addAll(merging);
        all.addAll(inventory.orphans());
        return all;
    }
}
