package io.loom.shell.command;

import io.loom.api.control.BackendView;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Backends as a table; one, after a change, or all. Reasons stand below it: beside the rest they would not fit a screen. */
final class BackendTable {
    private BackendTable() {}

    static void print(PrintStream out, List<BackendView> backends) {
        String unchanged = backends.stream().anyMatch(BackendView::override) ? " " : "";
        Table table = new Table("ID", "BACKEND", "UPSTREAM", "WEIGHT", "STATE", "SOURCE");
        for (BackendView backend : backends) {
            table.row(Integer.toString(backend.id()), backend.endpoint(), backend.upstream(),
                    backend.weight() + (backend.override() ? "*" : unchanged), backend.state().name().toLowerCase(Locale.ROOT),
                    backend.source().name().toLowerCase(Locale.ROOT));
        }
        table.print(out);
        backends.stream().filter(backend -> !backend.reason().isEmpty())
                .forEach(backend -> out.println("  " + backend.id() + ": " + backend.reason()));
    }
}
