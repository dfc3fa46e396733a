package io.loom.api;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * An IP address with a port, 1 to 65535. Printed as {@code 10.0.1.10:8080} or {@code [2001:db8::1]:8080}, the form of
 * metric labels. A value; no record, as it remembers what it is compared by: a change looks up each of thousands some ten times.
 */
public final class Endpoint implements Comparable<Endpoint> {
    private final InetAddress address;
    private final int port;
    private final Family family;
    /** The address as a number of 128 bits. */
    private final long high;
    private final long low;
    private final int hash;

    public Endpoint(InetAddress address, int port) {
        this.address = Objects.requireNonNull(address, "address");
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is outside 1-65535");
        }
        this.port = port;
        this.family = Family.of(address);
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        this.high = family == Family.IPV6 ? bytes.getLong() : 0;
        this.low = family == Family.IPV6 ? bytes.getLong() : Integer.toUnsignedLong(bytes.getInt());
        this.hash = (int) mix(mix(mix(high) + low) + port);
    }

    public InetAddress address() {
        return address;
    }

    public int port() {
        return port;
    }

    public Family family() {
        return family;
    }

    /** By family, address and port. */
    @Override
    public int compareTo(Endpoint other) {
        if (family != other.family) {
            return family.compareTo(other.family);
        }
        int first = Long.compareUnsigned(high, other.high);
        int second = first != 0 ? first : Long.compareUnsigned(low, other.low);
        return second != 0 ? second : Integer.compare(port, other.port);
    }

    @Override
    public boolean equals(Object object) {
        return this == object || object instanceof Endpoint other && hash == other.hash && low == other.low && high == other.high
                && port == other.port && family == other.family;
    }

    /**
     * Spreads all bits of address and port over all bits of the hash. That of a record would be contiguous over a grid of hosts and
     * ports, which {@link java.util.Set#copyOf} searches from end to end, and that of an IPv6 address is a sum of its words.
     */
    @Override
    public int hashCode() {
        return hash;
    }

    /** Finalizer of MurmurHash3, a bijection. */
    private static long mix(long bits) {
        long first = (bits ^ bits >>> 33) * 0xff51afd7ed558ccdL;
        long second = (first ^ first >>> 33) * 0xc4ceb9fe1a85ec53L;
        return second ^ second >>> 33;
    }

    @Override
    public String toString() {
        String host = IpAddress.format(address);
        return family == Family.IPV6 ? "[" + host + "]:" + port : host + ":" + port;
    }
}
