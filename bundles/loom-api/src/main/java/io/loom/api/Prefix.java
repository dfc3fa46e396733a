package io.loom.api;

import java.net.InetAddress;

/**
 * A network: the addresses whose first bits are the same. Printed as {@code 172.16.0.0/12}.
 *
 * @param address its first address, every bit after the prefix zero
 * @param length  bits of the prefix
 */
public record Prefix(InetAddress address, int length) {

    public Prefix {
        int bits = Family.of(address).addressBytes() * 8;
        if (length < 0 || length > bits) {
            throw new IllegalArgumentException("a prefix of " + length + " bits");
        }
        byte[] bytes = address.getAddress();
        for (int bit = length; bit < bits; bit++) {
            if ((bytes[bit / 8] & (0x80 >> (bit % 8))) != 0) {
                throw new IllegalArgumentException(IpAddress.format(address) + " has bits after its first " + length);
            }
        }
    }

    public Family family() {
        return Family.of(address);
    }

    @Override
    public String toString() {
        return IpAddress.format(address) + "/" + length;
    }
}
