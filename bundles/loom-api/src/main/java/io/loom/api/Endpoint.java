package io.loom.api;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * An IP address with a port, 1 to 65535. Printed as {@code 10.0.1.10:8080} or {@code [2001:db8::1]:8080}, the form of
 * metric labels.
 */
public record Endpoint(InetAddress address, int port) implements Comparable<Endpoint> {

    public Endpoint {
        Objects.requireNonNull(address, "address");
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is outside 1-65535");
        }
    }

    public Family family() {
        return Family.of(address);
    }

    /** By family, address and port. Sets of thousands are sorted by it at each change, hence no array for IPv4. */
    @Override
    public int compareTo(Endpoint other) {
        int addresses = address instanceof Inet4Address mine && other.address instanceof Inet4Address theirs
                ? Integer.compareUnsigned(word(mine), word(theirs))
                : compareAddresses(address, other.address);
        return addresses != 0 ? addresses : Integer.compare(port, other.port);
    }

    /** The compiler does away with the copy that getAddress makes, because it is read here only and at fixed places. */
    private static int word(Inet4Address address) {
        byte[] bytes = address.getAddress();
        return bytes[0] << 24 | (bytes[1] & 0xff) << 16 | (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
    }

    /**
     * Spreads all bits of address and port over all bits of the hash. That of a record would be contiguous over a grid of hosts and
     * ports, which {@link java.util.Set#copyOf} searches from end to end, and that of an IPv6 address is a sum of its words.
     */
    @Override
    public int hashCode() {
        long bits;
        if (address instanceof Inet4Address mine) {
            bits = word(mine);
        } else {
            ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
            bits = mix(bytes.getLong(0)) + bytes.getLong(Long.BYTES);
        }
        return (int) mix(mix(bits) + port);
    }

    /** Finalizer of MurmurHash3, a bijection. */
    private static long mix(long bits) {
        long first = (bits ^ bits >>> 33) * 0xff51afd7ed558ccdL;
        long second = (first ^ first >>> 33) * 0xc4ceb9fe1a85ec53L;
        return second ^ second >>> 33;
    }

    private static int compareAddresses(InetAddress one, InetAddress other) {
        int families = Family.of(one).compareTo(Family.of(other));
        return families != 0 ? families : Arrays.compareUnsigned(one.getAddress(), other.getAddress());
    }

    @Override
    public String toString() {
        String host = IpAddress.format(address);
        return family() == Family.IPV6 ? "[" + host + "]:" + port : host + ":" + port;
    }
}
