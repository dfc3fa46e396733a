package io.loom.shell.command;

import io.loom.api.control.BackendView;
import io.loom.api.control.NewBackend;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:backend-add} */
@Service
@Command(scope = "loom", name = "backend-add", description = "Adds a backend while traffic flows",
        detailedDescription = "Shows it with the id it got. When the command returns, the backend is in the kernel and "
                + "survives a restart. Example: loom:backend-add 10.0.1.12 8080 --weight 50")
public final class BackendAddCommand extends LoomCommand {
    @Argument(index = 0, name = "ADDRESS", required = true, description = "IPv4 or IPv6 address of the server")
    String address;

    @Argument(index = 1, name = "PORT", required = true, description = "TCP port of the server, 1 to 65535")
    String port;

    @Argument(index = 2, name = "OPTIONS", multiValued = true, description = "The options may stand here as well")
    List<String> behind = List.of();

    @Option(name = "--weight", description = "Share of new connections relative to the others, 0 to 65535; 0 gives none",
            valueToShowInHelp = "100")
    String weight = Integer.toString(NewBackend.DEFAULT_WEIGHT);

    @Option(name = "--upstream", description = "Group to add it to; needed only where there are several and none is called "
            + "default", valueToShowInHelp = "default, or the only one")
    @Completion(UpstreamCompleter.class)
    String upstream = "";

    @Override
    void print(PrintStream out) {
        Map<String, String> options = Arguments.trailing(behind, Set.of("--weight", "--upstream"));
        NewBackend backend = Arguments.backend(address, port, options.getOrDefault("--weight", weight));
        BackendView added = control().addBackend(options.getOrDefault("--upstream", upstream), backend);
        BackendTable.print(out, List.of(added));
    }
}
