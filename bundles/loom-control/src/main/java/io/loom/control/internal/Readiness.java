package io.loom.control.internal;

import io.loom.api.config.LoomConfig;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Status.ProgramView;
import io.loom.api.control.VipView;
import java.util.List;

/**
 * Whether the first request would succeed. Once ready it stays ready: later trouble shows as warnings, so that a bad edit
 * does not take a working balancer out of service.
 *
 * @param ready was reached
 * @param since when the configuration was first in the kernel, in nanoseconds; meaningless unless {@code applied}
 */
record Readiness(boolean ready, boolean applied, long since, String waiting) {

    /** How long readiness waits for a vip without a usable backend. */
    static final long PATIENCE = 5_000_000_000L;

    static final Readiness START = new Readiness(false, false, 0, "the configuration");

    /** @param failing why the kernel does not match the configuration; empty if it does */
    record Round(
            LoomConfig config, String failing, boolean held, ProgramView program, int unprobed, List<VipView> vips) {}

    Readiness next(Round round, long now) {
        if (ready) {
            return this;
        }
        if (!round.failing().isEmpty()) {
            return new Readiness(false, applied, since, round.failing());
        }
        long from = applied ? since : now;
        String missing = missing(round, now - from);
        return new Readiness(missing.isEmpty(), true, from, missing);
    }

    private static String missing(Round round, long waited) {
        if (!round.config().enabled()) {
            return "";
        }
        if (round.held()) {
            return "next hops of backends";
        }
        for (AttachmentView attachment : round.program().attachments()) {
            if (attachment.mode().equals("none") && attachment.ifindex() > 0) {
                return "attachment to " + attachment.device() + ": " + attachment.problem();
            }
        }
        if (round.unprobed() > 0) {
            return "first health checks of " + round.unprobed() + " backends";
        }
        List<String> idle = round.vips().stream()
                .filter(vip -> vip.usable() == 0 && waited < PATIENCE).map(VipView::name).toList();
        return idle.isEmpty() ? "" : "a usable backend of vip " + String.join(", ", idle);
    }
}
