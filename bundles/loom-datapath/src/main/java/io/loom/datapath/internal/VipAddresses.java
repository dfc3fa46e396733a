package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
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
    /** Of addresses that are assigned, how loom_meta names them. */
    private final Map<InetAddress, String> texts = new HashMap<>();
    private Set<InetAddress> sources = Set.of();
    private final Set<InetAddress> coming = new LinkedHashSet<>();
    private final Set<InetAddress> going = new LinkedHashSet<>();
    /** They could not be taken off. */
    private final Set<String> staying = new TreeSet<>();
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

    /** Of a vip; {@link #flush} puts it there. */
    synchronized void add(InetAddress address) {
        if (vips.add(address)) {
            coming.add(address);
        }
    }

    /** {@link #flush} takes it off. */
    synchronized void remove(InetAddress address) {
        vips.remove(address);
        texts.remove(address);
        going.add(address);
    }

    /** Does what {@link #add} and {@link #remove} have said, for all of them together. */
    synchronized void flush() {
        if (going.isEmpty() && coming.isEmpty()) {
            return;
        }
        Set<InetAddress> wanted = assigned();
        List<String> off = going.stream().filter(address -> !wanted.contains(address)).map(IpAddress::format).toList();
        going.clear();
        takeOff(off);
        List<InetAddress> on = coming.stream().filter(wanted::contains).toList();
        coming.clear();
        if (!on.isEmpty()) {
            ensure(on);
        }
    }

    /**
     * Those that nat sends from, instead of the ones before, which stay until {@link #release}.
     *
     * @return whether there are some to release
     */
    synchronized boolean sources(Collection<InetAddress> addresses) {
        sources = Set.copyOf(addresses);
        texts.keySet().retainAll(assigned());
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
        takeOff(addresses.stream().filter(leaving()::contains).toList());
    }

    /** What cannot be taken off is tried again by {@link #ensure()}: whoever else has the address by then would share it. */
    private void takeOff(List<String> addresses) {
        AssignedAddresses.Taken taken = ours.takeOff(addresses);
        taken.done().forEach(LOG::info);
        addresses.stream().filter(address -> !taken.left().containsKey(address)).forEach(problems::remove);
        taken.left().forEach((address, why) -> report(address, Problem.of(
                "LOOM-1279", "cannot take address " + address + " off " + ours.device(address).orElseThrow(), why,
                "Loom tries again each second; until then this host answers for it")));
        staying.addAll(taken.left().keySet());
    }

    /** Addresses of vips that an earlier process wanted. */
    synchronized void adopt(Collection<InetAddress> addresses) {
        vips.addAll(addresses);
    }

    /** Puts back what is missing: the interface may have come anew. */
    synchronized void ensure() {
        List<String> again = staying.stream().filter(leaving()::contains).toList();
        staying.clear();
        takeOff(again);
        ensure(assigned());
    }

    private void ensure(Collection<InetAddress> addresses) {
        Set<InetAddress> present = HostAddresses.all();
        SortedMap<String, InetAddress> missing = new TreeMap<>();
        for (InetAddress address : addresses) {
            String text = texts.computeIfAbsent(address, IpAddress::format);
            boolean moves = ours.device(text).filter(other -> !Optional.of(other).equals(device)).isPresent();
            if (moves) {
                takeOff(List.of(text));
            }
            if (moves && staying.contains(text)) {
                continue; // claimed for elsewhere, it would not be known to be here
            }
            if (device.isEmpty() || present.contains(address) && !moves) {
                problems.remove(text);
            } else {
                missing.put(text, address);
            }
        }
        device.filter(there -> !missing.isEmpty()).ifPresent(there -> put(missing, there));
    }

    private void put(SortedMap<String, InetAddress> missing, String on) {
        missing.keySet().forEach(text -> ours.claim(text, on));
        List<String> commands = missing.values().stream().map(address -> command(address, on)).toList();
        Optional<IOException> failure = Optional.empty();
        try {
            IpCommand.batch(commands);
        } catch (IOException some) {
            failure = Optional.of(some);
        }
        Set<InetAddress> present = failure.isEmpty() ? Set.of() : HostAddresses.all();
        for (Map.Entry<String, InetAddress> one : missing.entrySet()) {
            if (failure.isEmpty() || present.contains(one.getValue())) {
                LOG.info("put {} on {}", one.getKey(), on);
                problems.remove(one.getKey());
            } else {
                failed(one.getKey(), on, failure.get());
            }
        }
    }

    private void failed(String text, String on, IOException failure) {
        Problem problem = Problem.of(
                "LOOM-1205", "cannot put address " + text + " on " + on, failure.getMessage(),
                "bring the interface up, or set assign: false and add the address yourself");
        report(text, problem);
    }

    private void report(String text, Problem problem) {
        if (!problem.equals(problems.put(text, problem))) {
            LOG.warn("{}", problem);
        }
    }

    private static String command(InetAddress address, String device) {
        String text = IpAddress.format(address);
        return Family.of(address) == Family.IPV4
                ? "addr add " + text + "/32 dev " + device
                // Deprecated from the start, so that the host never sends from it; no wait for duplicate address detection.
                : "addr add " + text + "/128 dev " + device + " nodad preferred_lft 0";
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
