package io.loom.admin.internal;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/** Who says what this host is called. DNS may be slow or silent. */
interface NameSources {
    String hostName() throws IOException;

    /** In the format of hosts(5). */
    byte[] hosts() throws IOException;

    /** By which the host can be reached. */
    Set<InetAddress> addresses() throws IOException;

    /** Of the host by DNS, with its domain. */
    String canonical() throws UnknownHostException;

    /** By reverse DNS; the address itself if it has none. */
    String nameOf(InetAddress address);

    /** This host's. */
    final class OfHost implements NameSources {
        /** In one read: what procfs says of sizes is 0. */
        @Override
        public String hostName() throws IOException {
            try (InputStream in = new FileInputStream("/proc/sys/kernel/hostname")) {
                byte[] bytes = new byte[256];
                int length = in.read(bytes);
                return new String(bytes, 0, Math.max(0, length), StandardCharsets.US_ASCII).strip();
            }
        }

        @Override
        public byte[] hosts() throws IOException {
            return Files.readAllBytes(Path.of("/etc/hosts"));
        }

        @Override
        public Set<InetAddress> addresses() throws IOException {
            return NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses).collect(Collectors.toSet());
        }

        @Override
        public String canonical() throws UnknownHostException {
            return InetAddress.getLocalHost().getCanonicalHostName();
        }

        @Override
        public String nameOf(InetAddress address) {
            return address.getCanonicalHostName();
        }
    }
}
