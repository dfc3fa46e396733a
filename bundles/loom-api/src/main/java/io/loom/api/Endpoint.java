package io.loom.api;

import java.net.InetAddress;
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

    @Override
    public int compareTo(Endpoint other) {
        int families = family().compareTo(other.family());
        if (families != 0) {
            return families;
        }
        int addresses = java.util.Arrays.compareUnsigned(address.getAddress(), other.address.getAddress());
        return addresses != 0 ? addresses : Integer.compare(port, other.port);
    }

    @Override
    public String toString() {
        String host = IpAddress.format(address);
        return family() == Family.IPV6 ? "[" + host + "]:" + port : host + ":" + port;
    }
}
