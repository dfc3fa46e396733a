package io.loom.api.control;

import io.loom.api.Endpoint;

/**
 * A backend as people see it.
 *
 * @param id       stable, unique over all upstreams
 * @param weight   in force
 * @param state    see {@link State}
 * @param reason   why it is not {@code UP}; empty if it is
 * @param source   where it comes from
 * @param override true if a runtime change overrides the file's weight
 * @param maxConnections open at a time; 0: no limit
 */
public record BackendView(
        int id, String upstream, Endpoint endpoint, int weight, State state, String reason, Source source,
        boolean override, int maxConnections) {

    /** One without a limit. */
    public BackendView(
            int id, String upstream, Endpoint endpoint, int weight, State state, String reason, Source source, boolean override) {
        this(id, upstream, endpoint, weight, state, reason, source, override, 0);
    }

    /** Printed in lower case. Only UP backends are in lookup tables. */
    public enum State { RESOLVING, UP, DOWN, DRAIN, DISABLED }

    public enum Source { FILE, RUNTIME }
}
