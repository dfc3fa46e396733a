package io.loom.shell.command;

import io.loom.api.Problem;
import io.loom.api.control.Status;
import io.loom.api.control.VipView;
import io.loom.observe.ViewJson;
import java.io.PrintStream;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:status} */
@Service
@Command(scope = "loom", name = "status", description = "Shows the whole appliance; start here",
        detailedDescription = "Is it ready, what is loaded into the kernel and where, which vips work, and what deserves "
                + "attention.")
public final class StatusCommand extends LoomCommand {
    @Option(name = "--json", description = "Print JSON for scripts, the same as GET /ebpf/status")
    boolean json;

    @Override
    void print(PrintStream out) {
        Status status = control().status();
        if (json) {
            out.print(ViewJson.status(status));
            return;
        }
        out.println("state       " + (status.ready() ? "ready" : "not ready: waiting for " + status.waiting()));
        out.println("config      " + status.config());
        out.println("program     " + program(status.program()));
        status.program().own().forEach(own -> out.println("own program " + own.name() + ", id " + own.id() + ", " + own(own.position())));
        out.println("forwarding  " + orNone(status.methods()));
        out.println("algorithms  " + orNone(status.algorithms()));
        attachments(out, status.program());
        vips(out, control().vips());
        problems(out, "The newest version of the configuration file is not in force:", status.rejected());
        problems(out, "Warnings:", status.warnings());
    }

    private static String program(Status.ProgramView program) {
        return program.id() == 0 ? "none loaded" : program.name() + ", id " + program.id() + ", tag " + program.tag();
    }

    private static String own(String position) {
        return position.equals("before") ? "before it" : "in its place";
    }

    private static String orNone(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    private static void attachments(PrintStream out, Status.ProgramView program) {
        out.println();
        if (program.attachments().isEmpty()) {
            out.println("Attached to no interface.");
            return;
        }
        Table table = new Table("INTERFACE", "XDP MODE", "LINK", "PROGRAM", "PROBLEM");
        program.attachments().forEach(attachment -> table.row(attachment.device(), attachment.mode(),
                known(attachment.linkId()), known(attachment.programId()), attachment.problem()));
        table.print(out);
    }

    private static String known(int number) {
        return number == 0 ? "" : Integer.toString(number);
    }

    private static void vips(PrintStream out, List<VipView> vips) {
        out.println();
        if (vips.isEmpty()) {
            out.println("No vips: nothing is balanced.");
            return;
        }
        Table table = new Table("VIP", "LISTENERS", "FORWARDING", "ALGORITHM", "UPSTREAM", "BACKENDS", "STATE");
        for (VipView vip : vips) {
            table.row(vip.name(), vip.listeners().size(), vip.forwarding(), vip.algorithm(), vip.upstream(),
                    vip.usable() + "/" + vip.total(), vip.degraded().isEmpty() ? "ok" : "degraded");
        }
        table.print(out);
    }

    private static void problems(PrintStream out, String title, List<Problem> problems) {
        if (!problems.isEmpty()) {
            out.println();
            out.println(title);
            problems.forEach(problem -> out.println("  " + problem));
        }
    }
}
