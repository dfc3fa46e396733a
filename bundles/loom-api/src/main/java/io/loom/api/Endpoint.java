package io.loom.api;

import java.net.Inet4Address;
import java.net.InetAddress;
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
