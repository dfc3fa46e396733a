package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts addresses of vips and those that nat sends from on an interface, so that the host answers ARP and neighbour discovery
 * for them, and takes them off. An address that the host had before is left alone. Thread-safe.
 */
final class VipAddresses {
    private static final Logger LOG = LoggerFactory.getLogger(VipAddresses.class);

    private final AssignedAddresses ours;
    private final Set<InetAddress> vips = new HashSet<>();
    private Set<InetAddress> sources = Set.of();
    private final Map<String, Problem> problems = new TreeMap<>();
    private Optional<String> device = Optional.empty();

    VipAddresses(AssignedAddresses ours) {
        this.ours = ours;
    }

    /** The interface that gets the addresses; those on another one move. */
    synchronized void device(Optional<String> name) {
        device = name;
        ensure();
    }

    /** Of a vip. */
    synchronized void add(InetAddress address) {
        if (vips.add(address)) {
            ensure(address, HostAddresses.all());
        }
    }

    synchronized void remove(InetAddress address) {
        vips.remove(address);
        if (!sources.contains(address)) {
            takeOff(IpAddress.format(address));
        }
    }

    /**
     * Those that nat sends from, instead of the ones before, which stay until {@link #release}.
     *
     * @return whether there are some to release
     */
    synchronized boolean sources(Collection<InetAddress> addresses) {
        sources = Set.copyOf(addresses);
        ensure();
        return !leaving().isEmpty();
    }

    /** Those that nothing wants any more, also of an earlier process. */
    synchronized Set<String> leaving() {
        Set<String> leaving = new HashSet<>(ours.all());
        assigned().stream().map(IpAddress::format).forEach(leaving::remove);
        return leaving;
    }

    /** Takes these off, if they are still not wanted: the program that runs now sends from none of them. */
    synchronized void release(Set<String> addresses) {
        addresses.stream().filter(leaving()::contains).forEach(this::takeOff);
    }

    private void takeOff(String address) {
        problems.remove(address);
        ours.takeOff(address).ifPresent(LOG::info);
    }

    /** Addresses of vips that an earlier process wanted. */
    synchronized void adopt(Collection<InetAddress> addresses) {
        vips.addAll(addresses);
    }

    /** Puts back what is missing: the interface may have come anew. */
    synchronized void ensure() {
        Set<InetAddress> present = HostAddresses.all();
        assigned().forEach(address -> ensure(address, present));
    }

    private void ensure(InetAddress address, Set<InetAddress> present) {
        String text = IpAddress.format(address);
        boolean moves = ours.device(text).filter(other -> !Optional.of(other).equals(device)).isPresent();
        if (moves) {
            ours.takeOff(text).ifPresent(LOG::info);
        }
        if (device.isEmpty() || present.contains(address) && !moves) {
            problems.remove(text);
            return;
        }
        ours.claim(text, device.get());
        try {
            put(address, device.get());
            LOG.info("put {} on {}", text, device.get());
            problems.remove(text);
        } catch (IOException failure) {
            Problem problem = Problem.of(
                    "LOOM-1205", "cannot put address " + text + " on " + device.get(), failure.getMessage(),
                    "bring the interface up, or set assign: false and add the address yourself");
            if (!problem.equals(problems.put(text, problem))) {
                LOG.warn("{}", problem);
            }
        }
    }

    private static void put(InetAddress address, String device) throws IOException {
        String text = IpAddress.format(address);
        if (Family.of(address) == Family.IPV4) {
            IpCommand.run("addr", "add", text + "/32", "dev", device);
        } else {
            // Deprecated from the start, so that the host never sends from it; no wait for duplicate address detection.
            IpCommand.run("-6", "addr", "add", text + "/128", "dev", device, "nodad", "preferred_lft", "0");
        }
    }

    synchronized Set<InetAddress> assigned() {
        Set<InetAddress> assigned = new HashSet<>(vips);
        assigned.addAll(sources);
        return assigned;
    }

    synchronized List<Problem> problems() {
        return List.copyOf(problems.values());
    }
}
