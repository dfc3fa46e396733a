package io.loom.datapath.internal;

import io.loom.api.IpAddress;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Addresses that the host has. */
final class HostAddresses {
    private HostAddresses() {}

    /** None that are link-local; empty if there is no such interface. */
    static Set<InetAddress> of(String device) {
        try {
            NetworkInterface found = NetworkInterface.getByName(device);
            if (found == null) {
                return Set.of();
            }
            return found.inetAddresses()
                    .filter(address -> !address.isLinkLocalAddress())
                    .map(HostAddresses::withoutScope)
                    .collect(Collectors.toSet());
        } catch (SocketException gone) {
            return Set.of();
        }
    }

    /** Whether the interface may have it with a prefix of full length, as Loom puts addresses there: so also where that cannot be read. */
    static boolean mayHaveAlone(String device, String address) {
        Optional<InetAddress> wanted = IpAddress.parse(address);
        try {
            NetworkInterface found = NetworkInterface.getByName(device);
            return found != null && found.getInterfaceAddresses().stream()
                    .filter(one -> one.getNetworkPrefixLength() == Byte.SIZE * one.getAddress().getAddress().length)
                    .anyMatch(one -> Optional.of(withoutScope(one.getAddress())).equals(wanted));
        } catch (SocketException unknown) {
            return true;
        }
    }

    /** Of all interfaces of this network namespace. */
    static Set<InetAddress> all() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .map(HostAddresses::withoutScope)
                    .collect(Collectors.toSet());
        } catch (SocketException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Java ties the IPv6 addresses that it finds to their interface; ours are plain. */
    private static InetAddress withoutScope(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address; // there may be thousands, and each second looks
        }
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
