package io.loom.shell.command;

import io.loom.api.control.BackendView;
import java.util.List;
import java.util.Locale;

/** Backends as a table; one, after a change, or all. */
final class BackendTable {
    private BackendTable() {}

    static Table of(List<BackendView> backends) {
        Table table = new Table("ID", "BACKEND", "UPSTREAM", "WEIGHT", "STATE", "SOURCE", "REASON");
        for (BackendView backend : backends) {
            table.row(Integer.toString(backend.id()), backend.endpoint(), backend.upstream(),
                    backend.weight() + (backend.override() ? "*" : ""), backend.state().name().toLowerCase(Locale.ROOT),
                    backend.source().name().toLowerCase(Locale.ROOT), backend.reason());
        }
        return table;
    }
}
