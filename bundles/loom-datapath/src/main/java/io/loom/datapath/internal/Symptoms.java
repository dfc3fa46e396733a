package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.control.Status.AttachmentView;
import io.loom.datapath.Tuning;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What nothing has failed for and users suffer from all the same, as traffic shows it: a table of connections that is full, timeouts
 * that are too short, generic mode on a device that can do better. Each lasts as long as its cause; the advice is that of the specification's table of common
 * issues. Told by the sweep and by who watches, read on any thread.
 */
final class Symptoms {
    /** A table counts as full from so many hundredths on, until it has come down to fewer. */
    private static final int FULL = 90;
    private static final int NO_LONGER_FULL = 80;
    /** For how long connections that found no room are told of: 60 s. */
    private static final long REMEMBERED_NANOS = 60_000_000_000L;

    private final Drivers drivers;
    private final Set<Family> full = EnumSet.noneOf(Family.class);
    private List<Problem> ofTables = List.of();
    private List<Problem> ofModes = List.of();
    private final Forgotten forgotten = new Forgotten();
    private List<Problem> ofTimeouts = List.of();
    private long refused = -1;
    private long refusedAt;

    Symptoms(Drivers drivers) {
        this.drivers = drivers;
    }

    /**
     * After a sweep.
     *
     * @param active  live connections
     * @param refused how many found no room, ever
     * @param nanos   of a clock that only goes on
     */
    synchronized void tables(Map<Family, Long> active, Tuning.Connections room, long refused, long nanos) {
        if (this.refused >= 0 && refused > this.refused) {
            refusedAt = nanos;
        } else if (this.refused < 0 || nanos - refusedAt > REMEMBERED_NANOS) {
            refusedAt = nanos - REMEMBERED_NANOS;
        }
        this.refused = refused;
        List<Problem> found = new ArrayList<>();
        for (Family family : Family.values()) {
            long connections = active.getOrDefault(family, 0L);
            long percent = 100 * connections / room.maxEntries();
            if (percent >= FULL || percent >= NO_LONGER_FULL && full.contains(family)) {
                full.add(family);
                found.add(full(family, connections, room.maxEntries()));
            } else {
                full.remove(family);
            }
        }
        if (found.isEmpty() && nanos - refusedAt < REMEMBERED_NANOS) {
            found.add(problem("connections found no room in the connection table within the last minute",
                    "places that their addresses hash to were all taken by others that are established"));
        }
        ofTables = List.copyOf(found);
    }

    private static Problem full(Family family, long connections, int room) {
        return problem("the table of IPv" + family.version() + " connections is nearly full",
                "it holds " + connections + " of " + room + "; new ones take the place of others, or are dropped");
    }

    private static Problem problem(String what, String why) {
        return Problem.of("LOOM-1295", what, why, "increase ebpf.maps.connections.max_entries and restart loomd");
    }

    /** @param generic false if another mode is wanted: then the attachment itself says why it is not in force */
    synchronized void modes(List<AttachmentView> attachments, boolean generic) {
        List<Problem> found = new ArrayList<>();
        for (AttachmentView attachment : attachments) {
            if (generic && attachment.mode().equals("generic")) {
                generic(attachment).ifPresent(found::add);
            }
        }
        ofModes = List.copyOf(found);
    }

    private Optional<Problem> generic(AttachmentView attachment) {
        String device = attachment.device();
        try {
            return drivers.withNativeXdp(device, attachment.ifindex()).map(driver -> Problem.of(
                    "LOOM-1296", device + " runs in generic mode, which is slow",
                    "the file says so, although its driver, " + driver + ", has native XDP", "set ebpf.xdp.mode: native"));
        } catch (IOException unreadable) {
            return Optional.of(Problem.of(
                    "LOOM-1270", "cannot read which driver " + device + " has", unreadable + "; meanwhile nobody is told whether it has native XDP",
                    "mount /sys where loomd runs, and let it read it"));
        }
    }

    /**
     * After a sweep.
     *
     * @param idled   connections that it has deleted, by state
     * @param unknown packets from the middle of unknown connections, ever
     */
    synchronized void timeouts(Map<Integer, Long> idled, long unknown, long nanos) {
        ofTimeouts = forgotten.look(idled, unknown, nanos);
    }

    synchronized List<Problem> problems() {
        List<Problem> all = new ArrayList<>(ofTables);
        all.addAll(ofTimeouts);
        all.addAll(ofModes);
        return all;
    }
}
