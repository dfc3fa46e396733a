package io.loom.libbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.libbpf.internal.Netlink;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real changes of a real interface: needs root, and fails without. */
class NetworkEventsTest {
    private static final String ADDRESS = "192.0.2.77";

    private final String device = "lbn" + ProcessHandle.current().pid();
    private int ifindex;

    @BeforeEach
    void prepare() throws Exception {
        Command.run("ip", "link", "add", device, "type", "veth", "peer", "name", device + "p");
        Command.run("ip", "link", "set", device, "up");
        ifindex = Kernel.interfaceIndex(device).orElseThrow();
    }

    @AfterEach
    void remove() throws Exception {
        if (Kernel.interfaceIndex(device).isPresent()) {
            Command.run("ip", "link", "del", device);
        }
    }

    @Test
    void itBeginsWithWhatThereIs() throws Exception {
        neighbour("add", "02:00:00:00:00:01");
        try (NetworkEvents events = NetworkEvents.open(100)) {
            List<NetworkEvent> seen = until(events, isNeighbour("020000000001"));
            assertTrue(seen.stream().anyMatch(isLink(true)), seen::toString);
        }
    }

    @Test
    void aNeighbourThatMovesAndGoesIsTold() throws Exception {
        neighbour("add", "02:00:00:00:00:01");
        try (NetworkEvents events = NetworkEvents.open(100)) {
            until(events, isNeighbour("020000000001"));
            neighbour("change", "02:00:00:00:00:02");
            until(events, isNeighbour("020000000002"));
            Command.run("ip", "neigh", "del", ADDRESS, "dev", device);
            until(events, new NetworkEvent.Neighbour(ifindex, InetAddress.getByName(ADDRESS), Optional.empty())::equals);
        }
    }

    @Test
    void anInterfaceThatGoesDownAndAwayIsTold() throws Exception {
        try (NetworkEvents events = NetworkEvents.open(100)) {
            until(events, isLink(true));
            Command.run("ip", "link", "set", device, "down");
            until(events, isLink(false));
            Command.run("ip", "link", "del", device);
            until(events, new NetworkEvent.Link(ifindex, false, Optional.empty())::equals);
        }
    }

    @Test
    void anAddressOfTheHostIsTold() throws Exception {
        try (NetworkEvents events = NetworkEvents.open(100)) {
            until(events, isLink(true));
            Command.run("ip", "addr", "add", "192.0.2.1/24", "dev", device);
            until(events, new NetworkEvent.Routing()::equals);
        }
    }

    @Test
    void whatRoutesAreChosenByIsTold() throws Exception {
        try (NetworkEvents events = NetworkEvents.open(100)) {
            until(events, isLink(true));
            for (String family : List.of("-4", "-6")) {
                events.next();
                Command.run("ip", family, "rule", "add", "pref", "7777", "table", "7777");
                until(events, new NetworkEvent.Routing()::equals);
                Command.run("ip", family, "rule", "del", "pref", "7777");
                until(events, new NetworkEvent.Routing()::equals);
            }
            events.next();
            Command.run("ip", "nexthop", "add", "id", "7777", "blackhole");
            until(events, new NetworkEvent.Routing()::equals);
            Command.run("ip", "nexthop", "del", "id", "7777");
        }
    }

    /** As a routing daemon makes them: what comes behind them must not wait. */
    @Test
    void aBurstOfRoutesIsTakenAtOnce() throws Exception {
        Command.run("ip", "addr", "add", "192.0.2.1/24", "dev", device);
        try (NetworkEvents events = NetworkEvents.open(100)) {
            until(events, isLink(true));
            Command.run("sh", "-c", "for i in $(seq 100); do echo route add 198.18.$i.0/24 dev " + device + "; done | ip -batch -");
            long routes = events.next().stream().filter(new NetworkEvent.Routing()::equals).count();
            assertTrue(routes >= 100, () -> routes + " at once");
        }
    }

    @Test
    void whatIsCutShortOrUnknownSaysNothing() {
        assertEquals(List.of(), Netlink.parse(new byte[3]).events());
        assertEquals(List.of(), Netlink.parse(new byte[64]).events());
        byte[] longer = new byte[16];
        longer[0] = 100;
        longer[4] = 28;
        assertEquals(List.of(), Netlink.parse(longer).events());
    }

    private void neighbour(String verb, String mac) throws Exception {
        Command.run("ip", "neigh", verb, ADDRESS, "lladdr", mac, "dev", device, "nud", "stale");
    }

    private Predicate<NetworkEvent> isNeighbour(String mac) {
        return event -> event instanceof NetworkEvent.Neighbour neighbour && neighbour.ifindex() == ifindex
                && neighbour.address().getHostAddress().equals(ADDRESS) && neighbour.mac().equals(Optional.of(mac));
    }

    private Predicate<NetworkEvent> isLink(boolean up) {
        return event -> event instanceof NetworkEvent.Link link && link.ifindex() == ifindex && link.up() == up
                && link.mac().isPresent();
    }

    private static List<NetworkEvent> until(NetworkEvents events, Predicate<NetworkEvent> wanted) {
        List<NetworkEvent> seen = new ArrayList<>();
        long end = System.nanoTime() + 5_000_000_000L;
        while (seen.stream().noneMatch(wanted)) {
            assertTrue(System.nanoTime() < end, () -> "waited in vain; seen: " + seen);
            seen.addAll(events.next());
        }
        return seen;
    }
}
