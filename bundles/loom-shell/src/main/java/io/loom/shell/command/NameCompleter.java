package io.loom.shell.command;

import io.loom.api.control.LoomControl;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** Names that the control plane knows; none while it does not run. */
abstract class NameCompleter implements Completer {
    @Reference(optional = true)
    LoomControl control;

    @Override
    public final int complete(Session session, CommandLine commandLine, List<String> candidates) {
        return new StringsCompleter(names()).complete(session, commandLine, candidates);
    }

    final List<String> names() {
        return control == null ? List.of() : names(control);
    }

    abstract List<String> names(LoomControl running);
}
