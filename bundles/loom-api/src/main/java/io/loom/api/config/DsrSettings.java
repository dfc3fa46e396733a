package io.loom.api.config;

import io.loom.api.Prefix;
import io.loom.api.plugin.MethodOptions;
import java.util.Optional;

/**
 * Options of the encapsulations.
 *
 * @param guePort UDP destination port of GUE
 * @param prefix4 the network of outer IPv4 sources, whose host bits come from the flow's hash; empty: Loom's own address
 * @param prefix6 the same for IPv6
 */
public record DsrSettings(int guePort, Optional<Prefix> prefix4, Optional<Prefix> prefix6) {

    public static final DsrSettings DEFAULT = new DsrSettings(MethodOptions.DEFAULT.guePort(), Optional.empty(), Optional.empty());
}
