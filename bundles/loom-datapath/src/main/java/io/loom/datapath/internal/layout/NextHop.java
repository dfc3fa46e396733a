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
 */
public record NextHop(InetAddress source, int ifindex, int mtu, byte[] destination, byte[] sender) {

    public NextHop {
        destination = destination.clone();
        sender = sender.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NextHop that && source.equals(that.source) && ifindex == that.ifindex && mtu == that.mtu
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
                + " on interface " + ifindex + ", mtu " + mtu;
    }
}
