package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.NextHop;
import io.loom.datapath.internal.layout.VlanTags;
import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Devices on devices. With the program on a bond, frames come in on the bond's cards; with the program below a VLAN device, routes
 * lead to that one. What carries their frames is the interface that has the program. One thread looks, any may ask.
 */
final class Carriers {
    private static final Logger LOG = LoggerFactory.getLogger(Carriers.class);
    /** As {@code ip -d link} writes it. */
    private static final Pattern VLAN = Pattern.compile("\\bvlan protocol \\S+ id (\\d+)");
    /** Tags that a packet may have (core/parse.h). */
    private static final int DEEPEST = 2;

    private final Path net;
    private final Description description;
    private final Readings readings;
    /** By the number of the device; it never changes. */
    private final Map<Integer, Integer> identifiers = new HashMap<>();
    private volatile Map<Integer, Carrier> found = Map.of();

    /** @param net {@code /sys/class/net} */
    Carriers(Path net, Description description, Readings readings) {
        this.net = net;
        this.description = description;
        this.readings = readings;
    }

    /** What {@code ip -d link show} says of a device. */
    interface Description {
        String of(String device) throws IOException;
    }

    /** @param tags that frames to the device have on the carrier */
    private record Carrier(int ifindex, VlanTags tags) {}

    /** Looks anew. @param attached names of the interfaces that have the program */
    void look(Collection<String> attached) {
        Map<Integer, Carrier> now = new HashMap<>();
        List<IOException> failures = new ArrayList<>();
        for (String device : attached) {
            try {
                int ifindex = ifindex(device);
                for (String card : cards(device)) {
                    now.put(ifindex(card), new Carrier(ifindex, VlanTags.NONE));
                }
                addVlans(now, device, ifindex, new ArrayList<>());
            } catch (IOException unreadable) {
                if (!isGone(net, device)) {
                    failures.add(unreadable);
                }
            }
        }
        found = Map.copyOf(now);
        readings.looked(net, "bonds and VLAN devices are not seen: what they carry may not reach its backend", failures);
    }

    /** Whether a device that could not be looked at is there no more, or not yet: then nothing is wrong with the reading. */
    static boolean isGone(Path net, String device) {
        return Files.isDirectory(net) && Files.notExists(net.resolve(device));
    }

    /** VLAN devices on this one, and those on them. @param outside identifiers of those below, outermost first */
    private void addVlans(Map<Integer, Carrier> now, String below, int carrier, List<Integer> outside) throws IOException {
        if (outside.size() == DEEPEST) {
            return;
        }
        for (String device : vlans(below)) {
            int ifindex = ifindex(device);
            Optional<Integer> identifier = identifier(device, ifindex);
            if (identifier.isPresent()) {
                List<Integer> all = new ArrayList<>(outside);
                all.add(identifier.get());
                now.put(ifindex, new Carrier(carrier, new VlanTags(all.get(0), all.size() > 1 ? all.get(1) : 0)));
                addVlans(now, device, carrier, all);
            }
        }
    }

    private List<String> vlans(String below) throws IOException {
        List<String> devices = new ArrayList<>();
        try (DirectoryStream<Path> above = Files.newDirectoryStream(net.resolve(below), "upper_*")) {
            for (Path link : above) {
                String device = link.getFileName().toString().substring("upper_".length());
                if (KernelFile.lines(net.resolve(device).resolve("uevent")).contains("DEVTYPE=vlan")) {
                    devices.add(device);
                }
            }
        }
        return devices;
    }

    private Optional<Integer> identifier(String device, int ifindex) throws IOException {
        if (!identifiers.containsKey(ifindex)) {
            Matcher matcher = VLAN.matcher(description.of(device));
            if (!matcher.find()) {
                return Optional.empty();
            }
            identifiers.put(ifindex, Integer.valueOf(matcher.group(1)));
        }
        return Optional.of(identifiers.get(ifindex));
    }

    /** Those of a bond. */
    private List<String> cards(String device) throws IOException {
        Path slaves = net.resolve(device).resolve("bonding").resolve("slaves");
        return Files.exists(slaves) ? List.of(KernelFile.read(slaves).split(" +")).stream().filter(card -> !card.isEmpty()).toList()
                : List.of();
    }

    private int ifindex(String device) throws IOException {
        return Integer.parseInt(KernelFile.read(net.resolve(device).resolve("ifindex")));
    }

    /** Each device whose frames another one carries, and that one, by number. */
    Map<Integer, Integer> carried() {
        Map<Integer, Integer> carried = new HashMap<>();
        found.forEach((device, carrier) -> carried.put(device, carrier.ifindex()));
        return carried;
    }

    /** The same way, as the frame goes it. */
    NextHop through(NextHop hop) {
        Carrier carrier = found.get(hop.ifindex());
        return carrier == null ? hop : hop.through(carrier.ifindex(), carrier.tags());
    }

    /** Interfaces with a bond's cards in its place: the work is theirs. */
    List<String> cardsOf(Collection<String> devices) {
        List<String> all = new ArrayList<>();
        for (String device : devices) {
            List<String> cards = List.of();
            try {
                cards = cards(device);
            } catch (IOException unreadable) {
                LOG.debug("{} cannot be looked at, which look() reports: {}", device, unreadable.toString());
            }
            all.addAll(cards.isEmpty() ? List.of(device) : cards);
        }
        return all;
    }
}
