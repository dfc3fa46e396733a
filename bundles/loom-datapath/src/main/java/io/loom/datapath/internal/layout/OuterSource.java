package io.loom.datapath.internal.layout;

import io.loom.api.Prefix;
import java.net.InetAddress;

/**
 * Sources of the outer headers that an encapsulation writes, a range in which each flow has one: so the queues of a receiver
 * share flows whose other outer fields are all alike.
 *
 * @param address the first of them
 * @param entropy bits of its last 32 that come from the flow's hash, the lowest bit of the address in the lowest bit; 0: none
 */
public record OuterSource(InetAddress address, int entropy) {

    /** All addresses of the network, or as many as its last 32 bits tell apart. */
    public static OuterSource within(Prefix network) {
        int hostBits = network.address().getAddress().length * Byte.SIZE - network.length();
        return new OuterSource(network.address(), hostBits >= Integer.SIZE ? -1 : (1 << hostBits) - 1);
    }
}
