package io.loom.control.dataplane;

/**
 * A plugin that has come to the data plane.
 *
 * @param bundle its number, 0 or more
 * @param kind   {@code algorithm}, {@code method} or {@code protocol}
 * @param name   what the configuration calls it; empty if it has not said what it is
 * @param rank   among those of its kind and name: 1 serves
 * @param reason why it is not in use; empty if it is
 */
public record PluginFact(long bundle, String symbolicName, String version, String kind, String name, int rank, String reason) {}
