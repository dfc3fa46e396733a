package io.loom.datapath.internal.layout;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * How a frame gets to a backend.
 *
 * @param source      Loom's own address towards it
 * @param ifindex     of the interface on which the frame leaves
 * @param mtu         largest IP packet on the way, bytes; 0 if unknown
 * @param destination MAC address of the next hop
 * @param sender      MAC address of the interface
 * @param tags        that a packet must have to go this way
 */
public record NextHop(InetAddress source, int ifindex, int mtu, byte[] destination, byte[] sender, VlanTags tags) {

    public NextHop {
        destination = destination.clone();
        sender = sender.clone();
    }

    /** For packets with whatever tags. */
    public NextHop(InetAddress source, int ifindex, int mtu, byte[] destination, byte[] sender) {
        this(source, ifindex, mtu, destination, sender, VlanTags.NONE);
    }

    /** The same way, but that its frames leave on another interface, with these tags. */
    public NextHop through(int carrier, VlanTags with) {
        return new NextHop(source, carrier, mtu, destination, sender, with);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NextHop that && source.equals(that.source) && ifindex == that.ifindex && mtu == that.mtu && tags.equals(that.tags)
                && Arrays.equals(destination, that.destination) && Arrays.equals(sender, that.sender);
    }

    @Override
    public int hashCode() {
        return 31 * source.hashCode() + Arrays.hashCode(destination);
    }

    @Override
    public String toString() {
        HexFormat mac = HexFormat.ofDelimiter(":");
        return mac.formatHex(destination) + " from " + mac.formatHex(sender) + " " + source.getHostAddress()
                + " on interface " + ifindex + ", mtu " + mtu
                + (tags.outer() == 0 ? "" : ", vlan " + tags.outer() + (tags.inner() == 0 ? "" : "." + tags.inner()));
    }
}
