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

    private final Map<Place, Host> hosts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Place, Host> eldest) {
            return size() > MEMORY;
        }
    };
    private final Map<Integer, NetworkEvent.Link> links = new HashMap<>();

    private record Place(int ifindex, InetAddress address) {}

    /**
     * @param mac   the last one that it had
     * @param there false if the kernel does not know it any more
     */
    private record Host(String mac, boolean there) {}

    /** What an event calls for; the larger includes the smaller. */
    enum Consequence {
        /** Nothing has changed that matters. */
        NONE,
        /** A host cannot be reached, which a lookup of its next hop tells as soon as that is due. */
        GONE,
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
        Place place = new Place(neighbour.ifindex(), neighbour.address());
        Host before = hosts.get(place);
        if (neighbour.mac().isEmpty()) {
            return goes(place, before);
        }
        String mac = neighbour.mac().get();
        hosts.put(place, new Host(mac, true));
        if (before == null) {
            return Consequence.LOOK;
        }
        return before.mac().equals(mac) ? Consequence.NONE : Consequence.MOVED;
    }

    /** Who never was there is not remembered: whoever makes the kernel look for thousands would have it forget those that are. */
    private Consequence goes(Place place, Host before) {
        if (before == null || !before.there()) {
            return Consequence.NONE;
        }
        hosts.put(place, new Host(before.mac(), false));
        return Consequence.GONE;
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
