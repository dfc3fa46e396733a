package io.loom.control.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.HealthReports.Target;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Status.ProgramView;
import io.loom.api.control.VipView;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

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

    /**
     * @param failing  why the kernel does not match the configuration; empty if it does
     * @param settled  {@code program} is not about to be replaced
     * @param building vips whose lookup tables are being made
     * @param unprobed servers of whose health the kernel knows nothing yet
     */
    record Round(
            LoomConfig config, String failing, boolean held, ProgramView program, boolean settled, List<String> building,
            Map<Target, HealthCheck> unprobed, Views views) {}

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

    /** When time alone may make it ready. */
    LongStream patienceEnds(Map<Target, HealthCheck> unprobed) {
        return LongStream.concat(unprobed.values().stream().mapToLong(Readiness::patience).distinct(), LongStream.of(PATIENCE))
                .map(patience -> since + patience);
    }

    /** A server that has not answered or refused by then is silent, or probes run late: readiness does not wait for ever. */
    private static long patience(HealthCheck check) {
        return check.interval().plus(check.timeout()).toNanos();
    }

    private static String missing(Round round, long waited) {
        if (!round.config().enabled()) {
            return "";
        }
        if (round.config().attachment().interfaces().isEmpty()) {
            return "an interface: none is named in ebpf.interface, so no packet reaches Loom";
        }
        if (round.held()) {
            return "next hops of backends";
        }
        for (AttachmentView attachment : round.program().attachments()) {
            if (attachment.mode().equals("none")) {
                return "attachment to " + attachment.device() + ": " + attachment.problem();
            }
        }
        if (!round.settled()) {
            return "the program, which differs from the one that runs";
        }
        if (!round.building().isEmpty()) {
            return "lookup tables of vip " + String.join(", ", round.building());
        }
        long unprobed = round.unprobed().values().stream().filter(check -> waited < patience(check)).count();
        if (unprobed > 0) {
            return "first health checks of " + unprobed + " backends";
        }
        List<String> idle = round.views().vips().stream()
                .filter(vip -> vip.usable() == 0 && waited < PATIENCE).map(VipView::name).toList();
        return idle.isEmpty() ? "" : "a usable backend of vip " + String.join(", ", idle);
    }
}
