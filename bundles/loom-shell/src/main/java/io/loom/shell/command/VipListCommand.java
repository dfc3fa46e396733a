package io.loom.shell.command;

import io.loom.api.control.VipView;
import io.loom.observe.ViewJson;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:vip-list} */
@Service
@Command(scope = "loom", name = "vip-list", description = "Lists the vips",
        detailedDescription = "With every address and port that clients can connect to, and why a vip is degraded if it is.")
public final class VipListCommand extends LoomCommand {
    @Option(name = "--json", description = "Print JSON for scripts, the same as GET /ebpf/vips")
    boolean json;

    @Override
    void print(PrintStream out) {
        List<VipView> vips = control().vips();
        if (json) {
            out.print(ViewJson.vips(vips));
            return;
        }
        if (vips.isEmpty()) {
            out.println("No vips: nothing is balanced. Add ebpf.vips to the configuration file.");
            return;
        }
        Table table = new Table("VIP", "LISTENER", "FORWARDING", "ALGORITHM", "UPSTREAM", "BACKENDS", "STATE");
        vips.forEach(vip -> rows(table, vip));
        table.print(out);
        vips.stream().filter(vip -> !special(vip).isEmpty())
                .forEach(vip -> out.println(vip.name() + ": " + String.join(", ", special(vip))));
        vips.forEach(vip -> vip.degraded().forEach(reason -> out.println(vip.name() + " is degraded: " + reason)));
    }

    /** What is not as for most vips, in the words of the configuration file. */
    private static List<String> special(VipView vip) {
        List<String> words = new ArrayList<>();
        VipView.Handling handling = vip.handling();
        if (!handling.tracking().equals("full")) {
            words.add("tracking " + handling.tracking());
        }
        if (handling.affinity()) {
            words.add("connection_affinity");
        }
        if (vip.forwarding().equals("nat") && handling.clientAddress().equals("keep")) {
            words.add("client_address keep");
        }
        if (handling.maxConnections() > 0) {
            words.add("max_connections " + handling.maxConnections());
        }
        if (handling.perSecond() > 0) {
            words.add("rate_limit " + handling.perSecond());
        }
        handling.courses().forEach((service, course) -> words.add(service + " " + course));
        return words;
    }

    /** The first listener shares the vip's line, the others follow below it. */
    private static void rows(Table table, VipView vip) {
        table.row(vip.name(), vip.listeners().isEmpty() ? "none in the kernel" : vip.listeners().get(0), vip.forwarding(),
                vip.algorithm(), vip.upstream(), vip.usable() + "/" + vip.total(), vip.degraded().isEmpty() ? "ok" : "degraded");
        vip.listeners().stream().skip(1).forEach(listener -> table.row("", listener, "", "", "", "", ""));
    }
}
