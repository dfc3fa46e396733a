package io.loom.api;

import java.net.Inet4Address;
import java.net.InetAddress;

/** Address family of a listener, backend or packet. The number is the IP version. */
public enum Family {
    IPV4(4, 4),
    IPV6(6, 16);

    private final int version;
    private final int addressBytes;

    Family(int version, int addressBytes) {
        this.version = version;
        this.addressBytes = addressBytes;
    }

    /** 4 or 6, as in the first nibble of the IP header. */
    public int version() {
        return version;
    }

    /** Length of an address: 4 or 16. */
    public int addressBytes() {
        return addressBytes;
    }

    public static Family of(InetAddress address) {
        return address instanceof Inet4Address ? IPV4 : IPV6;
    }
}
