package io.loom.config.internal.model;

import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import java.util.List;
import java.util.Optional;

/**
 * What became of one version of the file.
 *
 * @param config   empty if there is any problem
 * @param problems why it is refused; empty if it is good
 * @param warnings also part of the config; of a refused file as far as they can be told
 */
public record Reading(Optional<LoomConfig> config, List<Problem> problems, List<Problem> warnings) {
    public Reading {
        problems = List.copyOf(problems);
        warnings = List.copyOf(warnings);
    }
}
