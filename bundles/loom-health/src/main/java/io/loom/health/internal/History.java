package io.loom.health.internal;

import io.loom.api.config.HealthCheck;

/**
 * What the probes of one server have shown so far. The first result counts at once; after it {@code rise} successes or
 * {@code fall} failures in a row change the state.
 *
 * @param known   false until the first result
 * @param up      state in force
 * @param against results in a row that contradict it
 */
record History(boolean known, boolean up, int against) {

    static final History UNKNOWN = new History(false, false, 0);

    History next(boolean success, HealthCheck check) {
        if (!known) {
            return new History(true, success, 0);
        }
        if (success == up) {
            return against == 0 ? this : new History(true, up, 0);
        }
        int needed = up ? check.fall() : check.rise();
        return against + 1 >= needed ? new History(true, success, 0) : new History(true, up, against + 1);
    }
}
