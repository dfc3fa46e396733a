package io.loom.shell.command;

import io.loom.api.control.BackendView;
import io.loom.api.control.LoomControl;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** Ids of the backends, each shown with its address where the terminal can. */
@Service
public final class BackendIdCompleter implements Completer {
    @Reference(optional = true)
    LoomControl control;

    @Override
    public int complete(Session session, CommandLine commandLine, List<String> candidates) {
        StringsCompleter ids = new StringsCompleter(backends().stream().map(backend -> Integer.toString(backend.id())).toList());
        return ids.complete(session, commandLine, candidates);
    }

    @Override
    public void completeCandidates(Session session, CommandLine commandLine, List<Candidate> candidates) {
        for (BackendView backend : backends()) {
            String id = Integer.toString(backend.id());
            candidates.add(new Candidate(id, id, null, backend.endpoint() + " of " + backend.upstream(), null, null, true));
        }
    }

    private List<BackendView> backends() {
        return control == null ? List.of() : control.backends();
    }
}
