package io.loom.forward.nat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A range of TCP ports.
 *
 * @param first 1 or more
 * @param last  not below first
 */
record PortRange(int first, int last) {
    private static final Path EPHEMERAL = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    /** What Linux uses unless told otherwise (Documentation/networking/ip-sysctl.rst). */
    private static final PortRange LINUX_DEFAULT = new PortRange(32768, 60999);
    private static final int LOWEST = 1024;
    private static final int HIGHEST = 65535;

    PortRange {
        if (first < 1 || last > HIGHEST || first > last) {
            throw new IllegalArgumentException("no port range: " + first + "-" + last);
        }
    }

    int count() {
        return last - first + 1;
    }

    /** The ports that this host's own connections use; the kernel's default where the setting cannot be read. */
    static PortRange ephemeral() {
        try {
            return parse(Files.readString(EPHEMERAL));
        } catch (IOException | IllegalArgumentException unreadable) {
            return LINUX_DEFAULT;
        }
    }

    /**
     * @param setting first and last port, separated by white space
     * @throws IllegalArgumentException if it is anything else
     */
    static PortRange parse(String setting) {
        String[] ports = setting.trim().split("\\s+");
        if (ports.length != 2) {
            throw new IllegalArgumentException("no port range: " + setting);
        }
        return new PortRange(Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
    }

    /**
     * The larger of the two ranges below and above the ephemeral ports, without the well-known ones. If the ephemeral ports
     * leave nothing, their upper half: then the host's own connections to a backend may, seldom, meet one of Loom's.
     */
    static PortRange besides(PortRange ephemeral) {
        int below = ephemeral.first() - LOWEST;
        int above = HIGHEST - Math.max(ephemeral.last(), LOWEST - 1);
        if (below <= 0 && above <= 0) {
            return new PortRange((LOWEST + HIGHEST + 1) / 2, HIGHEST);
        }
        return below >= above
                ? new PortRange(LOWEST, ephemeral.first() - 1)
                : new PortRange(HIGHEST - above + 1, HIGHEST);
    }
}
