package io.loom.control.internal;

import io.loom.api.Problem;

/**
 * Why a vip does not work as configured.
 *
 * @param why what is amiss, as the views show it
 * @param fix what to do, which status says too
 */
record Degradation(String why, String fix) {

    /** That another problem is why. */
    static Degradation of(Problem cause) {
        return new Degradation(new Problem(cause.code(), cause.where(), cause.what(), cause.why(), "").toString(), cause.fix());
    }
}
