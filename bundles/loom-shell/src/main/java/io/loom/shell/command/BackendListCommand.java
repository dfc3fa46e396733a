package io.loom.shell.command;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.BackendView;
import io.loom.observe.ViewJson;
import java.io.PrintStream;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:backend-list} */
@Service
@Command(scope = "loom", name = "backend-list", description = "Lists the backends",
        detailedDescription = "With ids, weights and states, and why a backend gets no new connections if it does not. An "
                + "asterisk after a weight says that it was changed at run time and differs from the configuration file.")
public final class BackendListCommand extends LoomCommand {
    @Option(name = "--upstream", description = "Only the backends of this upstream", valueToShowInHelp = "all of them")
    @Completion(UpstreamCompleter.class)
    String upstream = "";

    @Option(name = "--json", description = "Print JSON for scripts, the same as GET /ebpf/backends")
    boolean json;

    @Override
    void print(PrintStream out) {
        requireKnown(upstream);
        List<BackendView> backends = control().backends().stream()
                .filter(backend -> upstream.isEmpty() || backend.upstream().equals(upstream)).toList();
        if (json) {
            out.print(ViewJson.backends(backends));
            return;
        }
        if (backends.isEmpty()) {
            out.println("No backends. Add one with loom:backend-add, or to the configuration file.");
            return;
        }
        BackendTable.print(out, backends);
    }

    /** A mistyped name has no backends either, and scripts would take that for an answer. */
    private void requireKnown(String name) {
        List<String> known = control().upstreams();
        if (!name.isEmpty() && !known.contains(name)) {
            throw new LoomException(new Problem("LOOM-3420", "--upstream", "there is no upstream " + name,
                    "no vip uses one of that name, and no backend is in it",
                    known.isEmpty() ? "leave it out" : "use one of " + String.join(", ", known)));
        }
    }
}
