package io.loom.api.plugin;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Chooses the backend of a new connection by filling a lookup table. Pure: the same backends and size give the same table,
 * on any machine. Called on any thread, possibly concurrently.
 */
@ConsumerType
public interface Algorithm {

    /** The name that YAML uses, such as {@code maglev}. Of two bundles with one name the higher bundle version serves. */
    String name();

    /**
     * @param backends those that may get new connections, in a stable order; all weights are above zero; may be empty
     * @param size     number of entries wanted; prime for {@code maglev}
     * @return a table whose entries are positions in {@code backends}; empty if {@code backends} is empty
     */
    LookupTable build(BackendSet backends, int size);
}
