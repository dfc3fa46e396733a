package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What interfaces were given to send and did not. The program never learns of it: it has said how a packet is to go on, and counts it
 * as forwarded, while a driver without a place for it drops it. Told where it has been seen at {@link #LOOKS} looks, or more, of the last
 * {@link #REMEMBERED_NANOS}. Thread-safe.
 */
final class Refusals {
    /** Longer than the pauses of a client that is not answered. */
    private static final long REMEMBERED_NANOS = 20_000_000_000L;
    /** A full queue drops a few packets at once, now and then. */
    private static final int LOOKS = 3;
    /** One in so many that are sent, the host's own among them, does not matter. */
    private static final long TOLERATED = 1000;

    private final Path net;
    private final Readings readings;
    private final Map<String, Seen> seen = new HashMap<>();
    private List<Problem> problems = List.of();

    /** @param net /sys/class/net */
    Refusals(Path net, Readings readings) {
        this.net = net;
        this.readings = readings;
    }

    /** Packets since the interface is there. */
    private record Sent(long sent, long dropped) {
        boolean worseThan(Sent before) {
            long refused = dropped - before.dropped;
            return refused > 0 && refused * TOLERATED > sent - before.sent + refused;
        }
    }

    /** An interface: what there was at the last look, and the times of those at which it had become worse. */
    private static final class Seen {
        private final Deque<Long> worse = new ArrayDeque<>();
        private Sent last;

        boolean isTold(Sent now, long nanos) {
            if (last != null && now.worseThan(last)) {
                worse.add(nanos);
            }
            last = now;
            worse.removeIf(time -> nanos - time >= REMEMBERED_NANOS);
            return worse.size() >= LOOKS;
        }
    }

    /**
     * @param devices where the program is
     * @param nanos   of a clock that only goes on
     */
    synchronized void look(Set<String> devices, long nanos) {
        List<Problem> found = new ArrayList<>();
        devices.stream().sorted().forEach(device -> read(device)
                .filter(now -> seen.computeIfAbsent(device, first -> new Seen()).isTold(now, nanos))
                .ifPresent(now -> found.add(problem(device))));
        seen.keySet().retainAll(devices);
        problems = List.copyOf(found);
    }

    private Optional<Sent> read(String device) {
        if (Carriers.isGone(net, device)) {
            return Optional.empty();
        }
        Path counters = net.resolve(device).resolve("statistics");
        return readings.take(counters, "nobody would learn of packets that " + device + " drops instead of sending them",
                () -> new Sent(number(counters, "tx_packets"), number(counters, "tx_dropped") + number(counters, "tx_errors")));
    }

    private static long number(Path counters, String name) throws IOException {
        return Long.parseLong(KernelFile.read(counters.resolve(name)));
    }

    private static Problem problem(String device) {
        return Problem.of("LOOM-1278", device + " drops packets that it is to send",
                "its counters tx_dropped and tx_errors grow by more than one in a thousand packets; Loom counts these as forwarded. A veth drops all that XDP sends "
                        + "while its other end has neither GRO nor an XDP program; a network card, while it has no queue left for XDP",
                "at a veth, ethtool -K PEER gro on, where PEER is its other end; see ethtool -S " + device + ", or set ebpf.xdp.mode: generic");
    }

    synchronized List<Problem> problems() {
        return problems;
    }
}
