package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Telemetry.OffloadCount;
import io.loom.datapath.internal.layout.OffloadEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What hosts on the other side of an interface leave to a network card that their packets never meet, and what the program could not
 * make good: loom_offloads. Each warning lasts until nothing of its kind has come for {@link #REMEMBERED_NANOS}. Thread-safe.
 */
final class Offloads {
    /** Longer than the pauses of a client that is not answered. */
    private static final long REMEMBERED_NANOS = 20_000_000_000L;

    private final Supplier<Optional<BpfMap>> map;
    private final Map<Integer, Seen> seen = new HashMap<>();
    private List<OffloadCount> counts = List.of();
    private List<Problem> problems = List.of();

    /** @param map loom_offloads; empty while a program of an earlier version runs, which counts nothing */
    Offloads(Supplier<Optional<BpfMap>> map) {
        this.map = map;
    }

    /** What there was of an interface, and until when it is told of. */
    private record Seen(OffloadEntry entry, long unfinishedUntil, long oversizedUntil) {
        /** What was counted before this process began is nobody's trouble now. */
        static Seen first(OffloadEntry entry, long nanos) {
            return new Seen(entry, nanos, nanos);
        }

        Seen next(OffloadEntry now, long nanos) {
            return new Seen(now, now.unfinished() > entry.unfinished() ? nanos + REMEMBERED_NANOS : unfinishedUntil,
                    now.oversized() > entry.oversized() ? nanos + REMEMBERED_NANOS : oversizedUntil);
        }
    }

    /**
     * Tells the program of interfaces and their modes, and reads what it has counted.
     *
     * @param nanos of a clock that only goes on
     */
    synchronized void look(List<AttachmentView> attachments, long nanos) {
        List<OffloadCount> counted = new ArrayList<>();
        List<Problem> found = new ArrayList<>();
        map.get().ifPresent(entries -> {
            Set<Integer> attached = new HashSet<>();
            for (AttachmentView one : attachments) {
                if (!one.mode().equals("none")) {
                    attached.add(one.ifindex());
                    OffloadEntry entry = entry(entries, one);
                    Seen now = Optional.ofNullable(seen.get(one.ifindex())).filter(before -> before.entry().generic() == entry.generic())
                            .map(before -> before.next(entry, nanos)).orElseGet(() -> Seen.first(entry, nanos));
                    seen.put(one.ifindex(), now);
                    counted.add(new OffloadCount(one.device(), entry.unfinished(), entry.oversized()));
                    judge(one.device(), now, nanos, found);
                }
            }
            seen.keySet().retainAll(attached);
            Set<Integer> gone = new HashSet<>();
            entries.forEach((key, value) -> gone.add(Keys.number(key)));
            gone.removeAll(attached);
            gone.forEach(ifindex -> entries.delete(Keys.of(ifindex)));
        });
        counts = List.copyOf(counted);
        problems = List.copyOf(found);
    }

    /** It is made if there is none; with another mode it is made anew, and counts from zero. */
    private static OffloadEntry entry(BpfMap entries, AttachmentView attachment) {
        boolean generic = attachment.mode().equals("generic");
        byte[] key = Keys.of(attachment.ifindex());
        Optional<OffloadEntry> present = entries.lookup(key).map(OffloadEntry::decode).filter(entry -> entry.generic() == generic);
        if (present.isPresent()) {
            return present.get();
        }
        OffloadEntry anew = new OffloadEntry(0, 0, generic);
        entries.update(key, anew.encode(), UpdateMode.ANY);
        return anew;
    }

    private static void judge(String device, Seen seen, long nanos, List<Problem> found) {
        if (seen.unfinishedUntil() > nanos) {
            found.add(Problem.of("LOOM-1276",
                    "packets come in on " + device + " whose TCP or UDP checksum nobody has filled in: those that Loom sends on are dropped",
                    "their sender leaves it to a network card (tx checksum offload), and there is none between: it is on this machine, behind "
                            + "the other end of a veth", "ethtool -K PEER tx off, where PEER is the other end of " + device
                            + " and the interface of each host or container behind it; or set ebpf.xdp.mode: generic, which is slower"));
        }
        if (seen.oversizedUntil() > nanos) {
            found.add(Problem.of("LOOM-1277",
                    "packets come in on " + device + " that are several segments in one, which cannot be sent through a tunnel",
                    "in generic mode the kernel joins segments before the program sees them (GRO), or a host on this machine sends them so (TSO)",
                    "ethtool -K " + device + " gro off, and ethtool -K PEER tso off gso off at the other end of a veth; or set "
                            + "ebpf.xdp.mode: native; forwarding by nat and l2 takes them as they are"));
        }
    }

    synchronized List<OffloadCount> counts() {
        return counts;
    }

    synchronized List<Problem> problems() {
        return problems;
    }
}
