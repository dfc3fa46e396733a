package io.loom.shell.command;

import io.loom.api.control.BackendView;
import java.io.PrintStream;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** {@code loom:backend-remove} */
@Service
@Command(scope = "loom", name = "backend-remove", description = "Removes a backend",
        detailedDescription = "It gets no new connections from now on, those that it has go on for up to 5 minutes. Survives a "
                + "restart. A backend of the configuration file stays removed until its entry there changes. Example: "
                + "loom:backend-remove 3")
public final class BackendRemoveCommand extends LoomCommand {
    @Argument(index = 0, name = "ID", required = true, description = "Id of the backend, as loom:backend-list shows it")
    @Completion(BackendIdCompleter.class)
    String id;

    @Override
    void print(PrintStream out) {
        int number = Arguments.id(id);
        BackendView removed = control().backend(number);
        control().removeBackend(number);
        out.println("Removed backend " + number + " (" + removed.endpoint() + "); its connections drain.");
    }
}
