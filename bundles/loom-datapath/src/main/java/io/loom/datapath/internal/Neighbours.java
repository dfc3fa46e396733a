package io.loom.datapath.internal;

import io.loom.libbpf.NetworkEvent;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What is known of the hosts on the links, to tell what is news in what the kernel says. One thread. */
final class Neighbours {
    /** Of so many neighbours at most; those heard of longest ago are forgotten. */
    private static final int MEMORY = 65_536;

    /** The address of a host, and the last MAC address that it had, even if the kernel has forgotten it. */
    private final Map<Place, String> hosts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Place, String> eldest) {
            return size() > MEMORY;
        }
    };
    private final Map<Integer, NetworkEvent.Link> links = new HashMap<>();

    private record Place(int ifindex, InetAddress address) {}

    /** What an event calls for; the larger includes the smaller. */
    enum Consequence {
        /** Nothing has changed that matters. */
        NONE,
        /** Next hops, addresses and interfaces have to be looked at. */
        LOOK,
        /** The same; and what was learned of the way to a host may be wrong. */
        MOVED
    }

    Consequence take(NetworkEvent event) {
        if (event instanceof NetworkEvent.Neighbour neighbour) {
            return neighbour(neighbour);
        }
        if (event instanceof NetworkEvent.Link link) {
            return link(link);
        }
        return event instanceof NetworkEvent.Lost ? Consequence.MOVED : Consequence.LOOK;
    }

    private Consequence neighbour(NetworkEvent.Neighbour neighbour) {
        if (neighbour.mac().isEmpty()) {
            return Consequence.NONE;
        }
        String before = hosts.put(new Place(neighbour.ifindex(), neighbour.address()), neighbour.mac().get());
        if (before == null) {
            return Consequence.LOOK;
        }
        return neighbour.mac().get().equals(before) ? Consequence.NONE : Consequence.MOVED;
    }

    private Consequence link(NetworkEvent.Link link) {
        NetworkEvent.Link before = links.put(link.ifindex(), link);
        if (before == null || link.mac().isEmpty()) {
            return Consequence.LOOK;
        }
        Optional<String> mac = before.mac();
        return mac.isEmpty() || mac.equals(link.mac()) ? Consequence.LOOK : Consequence.MOVED;
    }
}
