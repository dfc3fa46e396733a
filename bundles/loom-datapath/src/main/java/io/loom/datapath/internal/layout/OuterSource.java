package io.loom.datapath.internal.layout;

import java.net.InetAddress;

/**
 * Sources of the outer headers that an encapsulation writes, a range in which each flow has one: so the queues of a receiver
 * share flows whose other outer fields are all alike.
 *
 * @param address the first of them
 * @param entropy bits of its last 32 that come from the flow's hash, the lowest bit of the address in the lowest bit; not 0
 */
public record OuterSource(InetAddress address, int entropy) {}
