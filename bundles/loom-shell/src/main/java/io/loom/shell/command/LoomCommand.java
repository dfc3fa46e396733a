package io.loom.shell.command;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.LoomControl;
import java.io.PrintStream;
import org.apache.karaf.shell.api.action.Action;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.support.CommandException;

/** What all commands share: the control plane, and errors as messages instead of stack traces. */
abstract class LoomCommand implements Action {
    /** Optional, so that the commands exist, and say what is wrong, while the control plane does not run. */
    @Reference(optional = true)
    LoomControl control;

    @Override
    public final Object execute() throws CommandException {
        try {
            // Not the session's console: System.out is what the shell redirects for pipes.
            print(System.out);
            return null;
        } catch (LoomException failure) {
            // The class itself: the shell knows it by its name, prints its help and leaves the stack trace out.
            throw new CommandException(failure.getMessage(), failure.getMessage(), failure);
        }
    }

    /** @throws LoomException with what is wrong */
    abstract void print(PrintStream out);

    /** @throws LoomException LOOM-3523 if it does not run */
    LoomControl control() {
        return running(control, "the control plane (bundle loom-control)");
    }

    static <T> T running(T service, String name) {
        if (service == null) {
            throw new LoomException(Problem.of("LOOM-3523", name + " is not running",
                    "it is still starting or failed to start", "look at the log for the reason, or try again"));
        }
        return service;
    }
}
