package io.loom.api.plugin;

/**
 * A filled table, and how the data plane indexes it.
 *
 * @param index by flow hash, or by a counter that runs on with each new connection
 * @param slots positions in the {@link BackendSet}; empty if there was no backend
 */
public record LookupTable(Index index, int[] slots) {

    /** The numbers are part of the data path's ABI. */
    public enum Index { FLOW_HASH, COUNTER }
}
