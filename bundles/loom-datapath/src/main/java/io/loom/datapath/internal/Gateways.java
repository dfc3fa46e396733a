package io.loom.datapath.internal;

import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * Keeps the kernel acquainted with the routers of its routes. Packets of clients pass the kernel by, so it may never have asked
 * for the MAC address of their router, and then does not notice when another router takes over. Thread-safe.
 */
final class Gateways {
    /** Rounds, of a second each, between two greetings. */
    private static final int EVERY = 30;
    private static final Path IPV4 = Path.of("/proc/self/net/route");
    private static final Path IPV6 = Path.of("/proc/self/net/ipv6_route");
    private static final int VIA_GATEWAY = 2;

    private final Consumer<InetAddress> greet;
    private final ToIntFunction<String> ifindex;
    private final Readings readings;
    private Set<InetAddress> known = Set.of();
    /** Routes may be others than those that were read. */
    private boolean doubted = true;
    private int round;

    /**
     * @param greet   makes the kernel look for that neighbour
     * @param ifindex of a device; 0 if it is gone
     */
    Gateways(Consumer<InetAddress> greet, ToIntFunction<String> ifindex, Readings readings) {
        this.greet = greet;
        this.ifindex = ifindex;
        this.readings = readings;
    }

    /** Each second; reads the routes, which may be thousands, only if it has to. Greets those that are new, and all of them now and then. */
    synchronized void keep() {
        boolean all = round++ % EVERY == 0;
        if (!all && !doubted) {
            return;
        }
        Optional<Set<InetAddress>> now4 = read(IPV4, () -> ipv4(KernelFile.lines(IPV4)));
        Optional<Set<InetAddress>> now6 = read(IPV6, () -> ipv6(linesIfAny(IPV6), ifindex));
        doubted = now4.isEmpty() || now6.isEmpty();
        Set<InetAddress> now = new HashSet<>(now4.orElse(Set.of()));
        now.addAll(now6.orElse(Set.of()));
        now.stream().filter(gateway -> all || !known.contains(gateway)).forEach(greet);
        known = now;
    }

    /** The kernel has had news. */
    synchronized void doubt() {
        doubted = true;
    }

    /** The kernel has no MAC address for this neighbour any more. */
    synchronized void lost(InetAddress neighbour) {
        if (known.contains(neighbour)) {
            greet.accept(neighbour);
        }
    }

    private Optional<Set<InetAddress>> read(Path routes, Readings.Reading<Set<InetAddress>> reading) {
        return readings.take(routes, "routers that take over from another are noticed late", reading);
    }

    /** A kernel without IPv6 has no such file. */
    private static List<String> linesIfAny(Path routes) throws IOException {
        return Files.notExists(routes) ? List.of() : KernelFile.lines(routes);
    }

    /** @param lines of /proc/net/route: after a headline device, destination, gateway and flags, in the host's byte order */
    static Set<InetAddress> ipv4(List<String> lines) {
        Set<InetAddress> gateways = new HashSet<>();
        for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
            String[] fields = line.split("\\s+");
            if ((Integer.parseInt(fields[3], 16) & VIA_GATEWAY) != 0) {
                int address = Integer.reverseBytes(Integer.parseUnsignedInt(fields[2], 16));
                gateways.add(address(HexFormat.of().parseHex(HexFormat.of().toHexDigits(address))));
            }
        }
        return gateways;
    }

    /** @param lines of /proc/net/ipv6_route: the gateway is the fifth field, the flags the ninth, the device the last */
    static Set<InetAddress> ipv6(List<String> lines, ToIntFunction<String> ifindex) {
        Set<InetAddress> gateways = new HashSet<>();
        for (String line : lines) {
            String[] fields = line.strip().split("\\s+");
            if ((Integer.parseUnsignedInt(fields[8], 16) & VIA_GATEWAY) != 0) {
                gateways.add(scoped(address(HexFormat.of().parseHex(fields[4])), ifindex.applyAsInt(fields[9])));
            }
        }
        return gateways;
    }

    /** A link-local address means nothing without its interface. */
    private static InetAddress scoped(InetAddress address, int ifindex) {
        try {
            return address.isLinkLocalAddress() ? Inet6Address.getByAddress(null, address.getAddress(), ifindex) : address;
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
