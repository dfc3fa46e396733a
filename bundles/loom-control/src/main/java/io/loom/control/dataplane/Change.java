package io.loom.control.dataplane;

import java.util.List;

/** One step from the applied towards the wanted state. A list of them is in the order in which they must be applied. */
public sealed interface Change {

    /**
     * Gives the backend a number (or keeps it) and writes its entry, next hop included as far as it is known.
     *
     * @param limit of its open connections; 0: none
     */
    record PutBackend(BackendKey backend, boolean down, boolean draining, int limit) implements Change {
        /** Without a limit. */
        public PutBackend(BackendKey backend, boolean down, boolean draining) {
            this(backend, down, draining, 0);
        }
    }

    /**
     * Builds the table and publishes it with one update. A backend whose next hop is unknown must not be in it.
     * With no algorithm of that name deployed, an existing table stays as it is.
     *
     * @param tables that are made from the spec: all of them are there, made from one spec, or none is
     */
    record PutTable(List<TableKey> tables, TableSpec spec) implements Change {
        public PutTable {
            tables = List.copyOf(tables);
        }

        /** Of one table. */
        public PutTable(TableKey table, TableSpec spec) {
            this(List.of(table), spec);
        }
    }

    /** Puts the address on the interface if asked for, then the listener into the map. */
    record PutListener(ListenerKey listener, ListenerSpec spec) implements Change {}

    record RemoveListener(ListenerKey listener) implements Change {}

    /** Only when no listener uses it. */
    record RemoveTable(TableKey table) implements Change {}

    /** Retires the number: it is free once a sweep finds no connection that refers to it. */
    record RemoveBackend(BackendKey backend) implements Change {}
}
