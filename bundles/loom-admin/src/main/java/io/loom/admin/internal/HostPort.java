package io.loom.admin.internal;

import io.loom.api.IpAddress;
import java.net.Inet6Address;
import java.net.InetSocketAddress;

/** Text of a listening address, as in a URL. */
final class HostPort {
    private HostPort() {}

    /** @param address resolved; port 0 is allowed */
    static String of(InetSocketAddress address) {
        String host = IpAddress.format(address.getAddress());
        return (address.getAddress() instanceof Inet6Address ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
