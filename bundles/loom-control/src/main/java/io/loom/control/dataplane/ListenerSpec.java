package io.loom.control.dataplane;

/**
 * @param table    where its new connections look up their backend
 * @param assigned true if Loom puts the address on the interface, and takes it off with the listener
 */
public record ListenerSpec(TableKey table, boolean assigned) {}
