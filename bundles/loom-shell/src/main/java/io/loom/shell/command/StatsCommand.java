package io.loom.shell.command;

import io.loom.api.control.Telemetry;
import io.loom.api.control.Telemetry.Counters;
import io.loom.observe.CountersJson;
import io.loom.observe.Totals;
import java.io.PrintStream;
import java.util.Locale;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:stats} */
@Service
@Command(scope = "loom", name = "stats", description = "Shows the kernel's counters",
        detailedDescription = "Packets by what became of them and why, connections, and the traffic of each listener and "
                + "backend. They count since the maps were made and survive restarts.")
public final class StatsCommand extends LoomCommand {
    @Reference(optional = true)
    Telemetry telemetry;

    @Option(name = "--json", description = "Print JSON for scripts, the same as GET /ebpf/stats")
    boolean json;

    @Override
    void print(PrintStream out) {
        Counters counters = running(telemetry, "the data path (bundle loom-datapath)").read();
        if (json) {
            out.print(CountersJson.stats(counters, control().status()));
            return;
        }
        Totals totals = Totals.of(counters);
        out.println("connections  " + Numbers.grouped(counters.connectionsActive()) + " active, "
                + Numbers.grouped(counters.connectionsCreated()) + " since the table was made");
        out.println("bytes        " + Numbers.grouped(totals.rxBytes()) + " received, "
                + Numbers.grouped(totals.txBytes()) + " sent");
        out.println();
        verdicts(counters).print(out);
        out.println();
        listeners(counters).print(out);
        out.println();
        backends(counters).print(out);
        out.println();
        cpus(counters).print(out);
        if (!counters.limits().isEmpty()) {
            out.println();
            limits(counters).print(out);
        }
        if (!counters.ports().isEmpty()) {
            out.println();
            ports(counters).print(out);
        }
        if (counters.acl().stream().anyMatch(use -> use.allow() + use.deny() > 0)) {
            out.println();
            acl(counters).print(out);
        }
        if (counters.mapFull() > 0) {
            out.println();
            out.println("A full map refused " + Numbers.grouped(counters.mapFull())
                    + " insertions: raise conntrack.max_entries in the configuration file.");
        }
        if (counters.connectionsEvicted() > 0) {
            out.println();
            out.println("New connections took the place of " + Numbers.grouped(counters.connectionsEvicted())
                    + " that had not been confirmed: a flood, or conntrack.max_entries is too small.");
        }
    }

    /** Only those that happened: most reasons are rare, and the screen is small. */
    private static Table verdicts(Counters counters) {
        Table table = new Table("PACKETS", "ACTION", "REASON");
        counters.verdicts().stream().filter(verdict -> verdict.packets() > 0).forEach(verdict -> table.row(
                verdict.packets(), verdict.action().name().toLowerCase(Locale.ROOT), verdict.reason()));
        return table;
    }

    private static Table limits(Counters counters) {
        Table table = new Table("LIMITED", "NAME", "OPEN", "MAX_CONNECTIONS");
        counters.limits().forEach(use -> table.row(
                use.owner().name().toLowerCase(Locale.ROOT), use.name(), use.open(), use.limit()));
        return table;
    }

    private static Table ports(Counters counters) {
        Table table = new Table("NAT PORTS TO", "USED", "OF");
        counters.ports().forEach(use -> table.row(use.backend(), use.used(), use.max()));
        return table;
    }

    private static Table acl(Counters counters) {
        Table table = new Table("ACL", "ALLOW", "DENY", "MAX");
        counters.acl().forEach(use -> table.row(use.family().name().toLowerCase(Locale.ROOT), use.allow(), use.deny(), use.max()));
        return table;
    }

    private static Table listeners(Counters counters) {
        Table table = new Table("LISTENER", "ACTIVE", "CONNECTIONS", "PACKETS", "BYTES");
        counters.listeners().forEach(listener -> table.row(
                listener.listener(), listener.active(), listener.connections(), listener.packets(), listener.bytes()));
        return table;
    }

    private static Table cpus(Counters counters) {
        Table table = new Table("CPU", "PACKETS", "BYTES");
        counters.cpus().forEach(cpu -> table.row(cpu.cpu(), cpu.packets(), cpu.bytes()));
        return table;
    }

    private static Table backends(Counters counters) {
        Table table = new Table("BACKEND", "ACTIVE", "CONNECTIONS", "OVERFLOWS", "PACKETS", "BYTES");
        boolean overflows = counters.backends().stream().anyMatch(backend -> backend.overflows() > 0);
        counters.backends().forEach(backend -> table.row(
                backend.endpoint(), backend.active(), backend.connections(), overflows ? backend.overflows() : "", backend.packets(),
                backend.bytes()));
        return table;
    }
}
