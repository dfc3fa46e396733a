package io.loom.shell.command;

import io.loom.api.control.BackendView;
import java.io.PrintStream;
import java.util.List;
import java.util.OptionalInt;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:backend-weight} */
@Service
@Command(scope = "loom", name = "backend-weight", description = "Changes the weight of a backend",
        detailedDescription = "The weight is its share of new connections relative to the others; 0 drains it. Connections "
                + "stay where they are. Survives a restart. Example: loom:backend-weight 1 50")
public final class BackendWeightCommand extends LoomCommand {
    @Argument(index = 0, name = "ID", required = true, description = "Id of the backend, as loom:backend-list shows it")
    @Completion(BackendIdCompleter.class)
    String id;

    @Argument(index = 1, name = "WEIGHT", required = true, description = "0 to 65535")
    String weight;

    @Override
    void print(PrintStream out) {
        BackendView changed = control().changeBackend(Arguments.id(id), OptionalInt.of(Arguments.weight(weight)));
        BackendTable.print(out, List.of(changed));
    }
}
