package io.loom.datapath.internal;

import io.loom.api.MacAddress;
import io.loom.api.Problem;
import io.loom.datapath.internal.layout.StationRow;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Which frames are for this host: loom_stations, kept true to the MAC addresses that interfaces have. What an interface and the
 * devices stacked on it have is accepted where its frames come in, and everywhere what the operator names. Thread-safe.
 */
final class Stations {
    private final Supplier<Optional<BpfMap>> map;
    private final StackedDevices stacked;
    private final Host host;
    private Set<MacAddress> accepted = Set.of();
    private List<Problem> problems = List.of();

    /** @param map loom_stations; empty while a program of an earlier version runs, which takes every frame */
    Stations(Supplier<Optional<BpfMap>> map, StackedDevices stacked, Host host) {
        this.map = map;
        this.stacked = stacked;
        this.host = host;
    }

    /** What the kernel says of devices now. */
    interface Host {
        OptionalInt ifindex(String device);

        Optional<MacAddress> mac(String device);
    }

    /** From the next look on. @param macs that frames may have beside the interfaces' own */
    synchronized void accept(Collection<MacAddress> macs) {
        accepted = new LinkedHashSet<>(macs);
    }

    /**
     * Writes down what has changed. Before the program is attached somewhere, it has to be told what is ours there.
     *
     * @param interfaces that have the program, or shall have it
     */
    synchronized void look(Collection<String> interfaces) {
        map.get().ifPresent(rows -> {
            Map<Integer, List<Long>> wanted = wanted(interfaces);
            for (int row = 0; row < StationRow.ROWS; row++) {
                List<Long> present = StationRow.decode(rows.lookup(Keys.of(row)).orElseThrow());
                List<Long> next = wanted.getOrDefault(row, List.of());
                if (!next.equals(present)) {
                    byte[] key = Keys.of(row);
                    steps(present, next).forEach(step -> rows.update(key, StationRow.encode(step), UpdateMode.ANY));
                }
            }
        });
    }

    private Map<Integer, List<Long>> wanted(Collection<String> interfaces) {
        Map<Integer, List<Long>> wanted = new HashMap<>();
        List<Problem> refused = new ArrayList<>();
        stacked.of(interfaces).forEach((device, around) -> host.ifindex(device).ifPresent(ifindex -> {
            List<Long> words = wanted.computeIfAbsent(StationRow.row(ifindex), none -> new ArrayList<>());
            List<MacAddress> left = new ArrayList<>();
            for (MacAddress mac : macs(around)) {
                if (words.size() < StationRow.ROOM) {
                    words.add(StationRow.word(ifindex, mac));
                } else {
                    left.add(mac);
                }
            }
            if (!left.isEmpty()) {
                refused.add(tooMany(device, left));
            }
        }));
        problems = List.copyOf(refused);
        return wanted;
    }

    /** The device's own first, since most frames have it; then those that the operator names, then those of devices around it. */
    private Set<MacAddress> macs(Set<String> around) {
        List<MacAddress> found = around.stream().map(host::mac).flatMap(Optional::stream).filter(mac -> !mac.isZero()).toList();
        Set<MacAddress> macs = new LinkedHashSet<>();
        if (!found.isEmpty()) {
            macs.add(found.get(0));
            macs.addAll(accepted);
            macs.addAll(found);
        }
        return macs;
    }

    private static Problem tooMany(String device, List<MacAddress> left) {
        return Problem.of("LOOM-1275", "frames that come in on " + device + " to " + String.join(", ", left.stream().map(MacAddress::text).toList())
                + " pass as another station's", "there is room for " + StationRow.ROOM + " MAC addresses of an interface and what is stacked on it",
                "give VLAN devices the MAC address of the interface below, or name fewer in ebpf.xdp.accept_macs");
    }

    /**
     * What a row becomes, one after the other. The program reads meanwhile, and each is written from its beginning on: so that what
     * stays is never absent, the new words are first added behind, then written in front, and then the rest is left out.
     */
    static List<List<Long>> steps(List<Long> present, List<Long> next) {
        int front = Math.max(present.size(), next.size());
        if (present.isEmpty() || next.isEmpty() || front + next.size() > StationRow.ROOM) {
            return List.of(next);
        }
        List<Long> both = new ArrayList<>(present);
        both.addAll(next.subList(Math.min(present.size(), next.size()), next.size()));
        both.addAll(next);
        List<Long> turned = new ArrayList<>(next);
        turned.addAll(both.subList(next.size(), both.size()));
        return List.of(both, turned, next);
    }

    synchronized List<Problem> problems() {
        return problems;
    }
}
