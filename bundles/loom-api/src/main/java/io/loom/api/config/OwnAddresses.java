package io.loom.api.config;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Addresses by which this host lives in a subnet; a /32 or /128 beside them is one that a vip can have. */
public final class OwnAddresses implements Supplier<Set<InetAddress>> {
    @Override
    public Set<InetAddress> get() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(device -> device.getInterfaceAddresses().stream())
                    .filter(OwnAddresses::hasSubnet)
                    .map(InterfaceAddress::getAddress)
                    .collect(Collectors.toUnmodifiableSet());
        } catch (SocketException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static boolean hasSubnet(InterfaceAddress address) {
        return address.getNetworkPrefixLength() < address.getAddress().getAddress().length * 8;
    }
}
