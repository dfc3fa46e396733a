package io.loom.shell.command;

import io.loom.api.control.LoomControl;
import io.loom.api.control.VipView;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** Names of the vips. */
@Service
public final class VipCompleter implements Completer {
    @Reference(optional = true)
    LoomControl control;

    @Override
    public int complete(Session session, CommandLine commandLine, List<String> candidates) {
        return new StringsCompleter(names()).complete(session, commandLine, candidates);
    }

    List<String> names() {
        return control == null ? List.of() : control.vips().stream().map(VipView::name).sorted().toList();
    }
}
