package io.loom.libbpf;

import java.net.InetAddress;
import java.util.Optional;

/** What the kernel says that has changed in this network namespace. */
public sealed interface NetworkEvent {

    /**
     * A host on a link.
     *
     * @param mac 12 hex digits; empty if it is not known (any more)
     */
    record Neighbour(int ifindex, InetAddress address, Optional<String> mac) implements NetworkEvent {}

    /**
     * An interface.
     *
     * @param mac  12 hex digits; empty if the interface is gone or has none
     */
    record Link(int ifindex, boolean up, Optional<String> mac) implements NetworkEvent {}

    /** An address of this host, a route, or a rule for routes. */
    record Routing() implements NetworkEvent {}

    /** More has changed than the kernel could remember. */
    record Lost() implements NetworkEvent {}
}
