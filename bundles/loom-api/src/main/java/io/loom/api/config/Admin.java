package io.loom.api.config;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * Where the administrative interfaces listen; loopback unless the operator says otherwise.
 *
 * @param names by which REST may be asked beside the host's own, in small letters
 */
public record Admin(InetSocketAddress rest, InetSocketAddress ssh, List<String> names) {
    public Admin {
        names = List.copyOf(names);
    }

    /** By the host's own names alone. */
    public Admin(InetSocketAddress rest, InetSocketAddress ssh) {
        this(rest, ssh, List.of());
    }
}
