package io.loom.shell.command;

import io.loom.api.IpAddress;
import io.loom.api.control.ConnectionQuery;
import io.loom.api.control.Connections;
import io.loom.api.control.Connections.Connection;
import io.loom.api.control.Connections.State;
import io.loom.observe.ConnectionJson;
import java.io.PrintStream;
import java.net.Inet6Address;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** {@code loom:connection-list} */
@Service
@Command(scope = "loom", name = "connection-list", description = "Lists connections, or counts them",
        detailedDescription = "With their backend, their state, how long they have been without a packet, and in how many seconds they are "
                + "forgotten unless one comes. Options choose which.")
public final class ConnectionListCommand extends LoomCommand {
    private static final int PAGE = 100;
    private static final int LARGEST_PAGE = 1000;

    @Option(name = "--vip", description = "Only connections to this vip", valueToShowInHelp = "all of them")
    @Completion(VipCompleter.class)
    String vip = "";

    @Option(name = "--upstream", description = "Only those that a backend of this upstream has", valueToShowInHelp = "all of them")
    @Completion(UpstreamCompleter.class)
    String upstream = "";

    @Option(name = "--backend", description = "Only this backend's: its id, its address:port, or local", valueToShowInHelp = "all of them")
    @Completion(BackendIdCompleter.class)
    String backend = "";

    @Option(name = "--client", description = "Only of this address, address:port, or network", valueToShowInHelp = "all of them")
    String client = "";

    @Option(name = "--state", description = "Only in this state", valueToShowInHelp = "all of them")
    @Completion(value = StringsCompleter.class, values = {"syn_sent", "syn_recv", "established", "fin_wait", "time_wait", "udp"})
    String state = "";

    @Option(name = "--idle", description = "Only those without a packet for at least so long, such as 5m", valueToShowInHelp = "any")
    String idle = "";

    @Option(name = "--seen", description = "Only those with a packet within so long, such as 30s", valueToShowInHelp = "any")
    String seen = "";

    @Option(name = "--limit", description = "How many, at most 1000", valueToShowInHelp = "100")
    String limit = "";

    @Option(name = "--after", description = "Where to go on, as the end of a list says it", valueToShowInHelp = "the beginning")
    String after = "";

    @Option(name = "--count", description = "Only how many there are, by state")
    boolean count;

    @Option(name = "--json", description = "Print JSON for scripts, the same as GET /ebpf/connections")
    boolean json;

    @Reference(optional = true)
    Connections connections;

    @Override
    void print(PrintStream out) {
        ConnectionQuery query = ConnectionQuery.parse(words(), "--", LARGEST_PAGE, control());
        Connections served = running(connections, "the control plane (bundle loom-control)");
        if (query.count()) {
            count(out, served.count(query.wanted()));
            return;
        }
        Connections.Page page = served.page(query.wanted(), query.after(), query.limit().orElse(PAGE))
                .orElseThrow(() -> ConnectionQuery.noPlace(query.after(), "--"));
        if (json) {
            out.print(ConnectionJson.page(page));
            return;
        }
        list(out, page);
    }

    private Map<String, String> words() {
        Map<String, String> words = new HashMap<>(Map.of(
                "vip", vip, "upstream", upstream, "backend", backend, "client", client, "state", state, "idle", idle, "seen", seen,
                "limit", limit, "after", after, "count", count ? "true" : ""));
        words.values().removeIf(String::isEmpty);
        return words;
    }

    private void count(PrintStream out, Map<State, Long> counts) {
        if (json) {
            out.print(ConnectionJson.count(counts));
            return;
        }
        Table table = new Table("STATE", "CONNECTIONS");
        for (State one : State.values()) {
            table.row(one, counts.getOrDefault(one, 0L));
        }
        table.row("all", counts.values().stream().mapToLong(Long::longValue).sum()).print(out);
    }

    private static void list(PrintStream out, Connections.Page page) {
        if (page.connections().isEmpty()) {
            out.println("No connections.");
        } else {
            Table table = new Table("CLIENT", "VIP", "PROTOCOL", "BACKEND", "SOURCE", "STATE", "IDLE", "EXPIRES");
            page.connections().forEach(one -> table.row(
                    client(one), vip(one), one.listener().map(known -> known.protocol().name().toLowerCase(Locale.ROOT)).orElse(""),
                    one.server().backend(), one.server().source().map(Object::toString).orElse(""), one.state(), one.idle().toSeconds() + "s",
                    one.left().toSeconds() + "s"));
            table.print(out);
        }
        if (!page.next().isEmpty()) {
            out.println("Go on with --after " + page.next());
        }
    }

    private static String client(Connection one) {
        String address = IpAddress.format(one.client());
        return (one.client() instanceof Inet6Address ? "[" + address + "]" : address) + ":" + one.clientPort();
    }

    /** Of one that has been removed, where it was. */
    private static String vip(Connection one) {
        return one.vip().isEmpty() ? one.listener().map(known -> "(" + known.endpoint() + ")").orElse("") : one.vip();
    }
}
