package io.loom.admin.internal;

import io.loom.api.control.Status;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Status.OwnProgramView;
import io.loom.api.control.VipView;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The one line that says that the appliance works, and how well. Scripts wait for its first two words.
 *
 * @param sshAccepts false if the SSH port did not accept in time
 * @param millis     since the process started
 */
record ReadyLine(
        List<VipView> vips, Status status, InetSocketAddress rest, InetSocketAddress ssh, boolean sshAccepts, long millis) {
    private static final int NAMED_VIPS = 4;
    private static final String REPLACE = "replace";

    String text() {
        return "loom ready: " + String.join(", ", List.of(
                vipSummary(),
                programSummary(),
                "rest http://" + HostPort.of(rest),
                "ssh " + HostPort.of(ssh) + (sshAccepts ? "" : " (missing: it does not accept connections)"),
                String.format(Locale.ROOT, "started in %.1f s", millis / 1000.0)));
    }

    private String vipSummary() {
        if (vips.isEmpty()) {
            return "no vips";
        }
        // Degraded ones are always named: the line must not look better than it is.
        List<VipView> named = vips.size() <= NAMED_VIPS ? vips : vips.stream().filter(vip -> !vip.degraded().isEmpty()).toList();
        String count = vips.size() + (vips.size() == 1 ? " vip" : " vips");
        return named.isEmpty() ? count
                : count + " (" + named.stream().map(ReadyLine::vip).collect(Collectors.joining(", ")) + ")";
    }

    private static String vip(VipView vip) {
        String backends = vip.name() + " " + vip.usable() + "/" + vip.total() + " backends by " + vip.forwarding();
        return vip.degraded().isEmpty() ? backends : backends + " DEGRADED: " + String.join("; ", vip.degraded());
    }

    private String programSummary() {
        Status.ProgramView program = status.program();
        if (program.id() == 0) {
            return "no program";
        }
        String devices = program.attachments().isEmpty() ? "nothing"
                : program.attachments().stream().map(one -> device(one, program.entry())).collect(Collectors.joining(" and "));
        String loom = program.name() + " id " + program.id() + " tag " + program.tag();
        return "program " + chain(program.own(), loom) + " on " + devices;
    }

    /** What a frame meets, in that order: programs of the operator, then Loom's, or another in its place. */
    private static String chain(List<OwnProgramView> own, String loom) {
        String before = own.stream().filter(one -> !one.position().equals(REPLACE))
                .map(one -> one.name() + " id " + one.id() + ", then ").collect(Collectors.joining());
        return before + own.stream().filter(one -> one.position().equals(REPLACE))
                .map(one -> one.name() + " id " + one.id() + " in the place of " + loom).findFirst().orElse(loom);
    }

    /** @param entry the number of the program that the interface has to run; what it does run the kernel says */
    private static String device(AttachmentView attachment, int entry) {
        String other = attachment.programId() == 0 || attachment.programId() == entry ? "" : ", but it runs program id " + attachment.programId();
        String problem = attachment.problem().isEmpty() ? "" : ": " + attachment.problem();
        return attachment.device() + " (" + attachment.mode() + other + problem + ")";
    }
}
