package io.loom.datapath.internal;

import io.loom.api.PortRange;
import io.loom.api.Problem;
import io.loom.api.plugin.SourcePorts;
import io.loom.libbpf.KernelFile;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports that the host's own connections take by themselves (net.ipv4.ip_local_port_range, for IPv6 too, without
 * net.ipv4.ip_local_reserved_ports), and what they leave for those that Loom makes towards backends. The settings are looked at
 * again and again, since procfs tells nobody of changes. What connections from before a change may have is kept in loom_meta. {@link #check} is called on one thread; the rest
 * by any.
 */
final class LocalPorts {
    private static final Logger LOG = LoggerFactory.getLogger(LocalPorts.class);
    /** In loom_meta: ranges of {@link SourcePorts}. */
    private static final String NOW = "ports.now";
    private static final String EVER = "ports.ever";
    /** Below are well-known ones, which say something of who sends. */
    private static final int LOWEST = 1024;
    private static final int HIGHEST = 65535;
    /** With fewer a backend has soon as many connections from one address as there can be. */
    private static final int FEW = 4096;

    private final Path range;
    private final Path reserved;
    private final Readings readings;
    private final Meta meta;
    private volatile SourcePorts ports;
    private volatile Optional<Problem> problem = Optional.empty();

    /**
     * @param settings /proc/sys/net/ipv4
     * @param adopted  true if connections may live that an earlier process has begun
     */
    LocalPorts(Path settings, Readings readings, Meta meta, boolean adopted) {
        this.range = settings.resolve("ip_local_port_range");
        this.reserved = settings.resolve("ip_local_reserved_ports");
        this.readings = readings;
        this.meta = meta;
        Optional<SourcePorts> before = meta.get(NOW).flatMap(now -> meta.get(EVER).map(ever -> new SourcePorts(parse(now, "-"), parse(ever, "-"))));
        this.ports = before.orElse(SourcePorts.DEFAULT);
        Optional<PortRange> free = look();
        boolean anew = before.isEmpty() && !adopted && free.isPresent(); // else versions that kept no notes have used the default
        take(free.orElse(ports.now()), anew ? free.get() : ports.ever());
    }

    /** True if they have changed. */
    boolean check() {
        SourcePorts before = ports;
        look().ifPresent(free -> take(free, before.ever()));
        if (ports.now().equals(before.now())) {
            return false;
        }
        LOG.info("new connections through nat leave from ports {}, before from {}: the host's local ports have changed", ports.now(), before.now());
        return true;
    }

    private void take(PortRange now, PortRange ever) {
        SourcePorts next = new SourcePorts(now, PortRange.around(List.of(now, ever)));
        meta.put(NOW, next.now().toString());
        meta.put(EVER, next.ever().toString());
        ports = next;
    }

    /** Empty if the settings cannot be read: then what was before stays in force. */
    private Optional<PortRange> look() {
        String meanwhile = "connections through nat leave from ports " + ports.now() + ", which connections of this host's own may have too";
        Optional<PortRange> local = readings.take(range, meanwhile, () -> parse(KernelFile.read(range), "\\s+"));
        Optional<BitSet> kept = readings.take(reserved, meanwhile, () -> list(KernelFile.read(reserved)));
        if (local.isEmpty() || kept.isEmpty()) {
            return Optional.empty();
        }
        BitSet free = free(local.get(), kept.get());
        PortRange largest = largest(free);
        Optional<Problem> now = judge(local.get(), free.isEmpty(), largest);
        now.filter(found -> !problem.equals(now)).ifPresent(found -> LOG.warn("{}", found));
        problem = now;
        return Optional.of(largest);
    }

    private static Optional<Problem> judge(PortRange local, boolean shared, PortRange free) {
        if (!shared && free.count() >= FEW) {
            return Optional.empty();
        }
        String leaves = shared
                ? "all ports from " + LOWEST + " on are the host's own, so nat shares " + free + " with them: a connection of this host to a "
                        + "backend, such as a probe, may fail now and then"
                : "nat has only ports " + free + " (" + free.count() + ") for connections from one address to one backend";
        return Optional.of(Problem.of(
                "LOOM-1271", "net.ipv4.ip_local_port_range = " + local.first() + " " + local.last() + " leaves nat too few ports", leaves,
                "sysctl -w net.ipv4.ip_local_port_range='32768 60999' (Linux's default), or leave nat a part of it by "
                        + "net.ipv4.ip_local_reserved_ports, such as 40000-60000"));
    }

    /** @param reserved ports that the kernel never takes by itself */
    static BitSet free(PortRange local, BitSet reserved) {
        BitSet free = new BitSet();
        free.set(LOWEST, HIGHEST + 1);
        free.clear(local.first(), local.last() + 1);
        BitSet spared = (BitSet) reserved.clone();
        spared.clear(0, Math.max(LOWEST, local.first()));
        spared.clear(local.last() + 1, HIGHEST + 1);
        free.or(spared);
        return free;
    }

    /** The longest run of ports, of two the lower one. If there is none at all: the upper half, which is the host's too. */
    static PortRange largest(BitSet free) {
        PortRange largest = null;
        for (int first = free.nextSetBit(0); first >= 0; first = free.nextSetBit(free.nextClearBit(first))) {
            PortRange run = new PortRange(first, free.nextClearBit(first) - 1);
            largest = largest == null || run.count() > largest.count() ? run : largest;
        }
        return largest == null ? new PortRange((LOWEST + HIGHEST + 1) / 2, HIGHEST) : largest;
    }

    /** @param text two ports */
    static PortRange parse(String text, String separator) {
        String[] ends = text.split(separator);
        if (ends.length != 2) {
            throw new IllegalArgumentException("no port range: " + text);
        }
        return new PortRange(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
    }

    /** @param text such as {@code 8080,9000-9100}; may be empty */
    static BitSet list(String text) {
        BitSet ports = new BitSet();
        for (String range : text.isEmpty() ? new String[0] : text.split(",")) {
            PortRange parsed = parse(range.contains("-") ? range : range + "-" + range, "-");
            ports.set(parsed.first(), parsed.last() + 1);
        }
        return ports;
    }

    SourcePorts ports() {
        return ports;
    }

    Optional<Problem> problem() {
        return problem;
    }
}
