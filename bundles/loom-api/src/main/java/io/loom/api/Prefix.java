package io.loom.api;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A network: the addresses whose first bits are the same. Printed as {@code 172.16.0.0/12}.
 *
 * @param address its first address, every bit after the prefix zero
 * @param length  bits of the prefix
 */
public record Prefix(InetAddress address, int length) {

    public Prefix {
        if (length < 0 || length > bits(address) || !first(address, length).equals(address)) {
            throw new IllegalArgumentException(IpAddress.format(address) + "/" + length + " is not a network");
        }
    }

    /** The network of that prefix length that the address is in. */
    public static Prefix around(InetAddress address, int length) {
        return new Prefix(first(address, length), length);
    }

    public Family family() {
        return Family.of(address);
    }

    private static int bits(InetAddress address) {
        return address.getAddress().length * 8;
    }

    private static InetAddress first(InetAddress address, int length) {
        byte[] bytes = address.getAddress();
        for (int bit = Math.max(0, length); bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("the length of an address does not change", impossible);
        }
    }

    @Override
    public String toString() {
        return IpAddress.format(address) + "/" + length;
    }
}
