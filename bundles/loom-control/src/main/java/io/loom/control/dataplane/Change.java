package io.loom.control.dataplane;

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
     */
    record PutTable(TableKey table, TableSpec spec) implements Change {}

    /** Puts the address on the interface if asked for, then the listener into the map. */
    record PutListener(ListenerKey listener, ListenerSpec spec) implements Change {}

    record RemoveListener(ListenerKey listener) implements Change {}

    /** Only when no listener uses it. */
    record RemoveTable(TableKey table) implements Change {}

    /** Retires the number: it is free once a sweep finds no connection that refers to it. */
    record RemoveBackend(BackendKey backend) implements Change {}
}
