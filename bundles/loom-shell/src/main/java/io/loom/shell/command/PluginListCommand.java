package io.loom.shell.command;

import io.loom.api.control.PluginListing;
import io.loom.api.control.PluginView;
import io.loom.api.control.PluginView.Provided;
import io.loom.observe.ViewJson;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:plugin-list} */
@Service
@Command(scope = "loom", name = "plugin-list", description = "Lists plugins and every file in deploy/",
        detailedDescription = "With the state of each file, what its bundle provides, its rank (1 serves), who uses it, and what is wrong.")
public final class PluginListCommand extends LoomCommand {
    @Option(name = "--json", description = "Print JSON for scripts, the same as GET /ebpf/plugins")
    boolean json;

    @Reference(optional = true)
    PluginListing listing;

    @Override
    void print(PrintStream out) {
        List<PluginView> plugins = running(listing, "the control plane (bundle loom-control)").plugins();
        if (json) {
            out.print(ViewJson.plugins(plugins));
            return;
        }
        if (plugins.isEmpty()) {
            out.println("No plugins: deploy/ is empty.");
            return;
        }
        Table table = new Table("FILE", "BUNDLE", "VERSION", "STATE", "RANK", "PROVIDES", "USED BY", "REASON");
        plugins.forEach(plugin -> table.row(plugin.file().isEmpty() ? "-" : plugin.file(), plugin.symbolicName(), plugin.version(),
                plugin.state(), plugin.rank() == 0 ? "" : "" + plugin.rank(), provides(plugin), users(plugin), plugin.reason()));
        table.print(out);
    }

    private static String provides(PluginView plugin) {
        return plugin.provides().stream().map(one -> one.kind() + " " + one.name()).collect(Collectors.joining(", "));
    }

    private static String users(PluginView plugin) {
        return plugin.provides().stream().map(Provided::vips).flatMap(List::stream).distinct().collect(Collectors.joining(", "));
    }
}
