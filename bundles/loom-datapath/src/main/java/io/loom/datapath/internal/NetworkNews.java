package io.loom.datapath.internal;

import io.loom.libbpf.Kernel;
import io.loom.libbpf.NetworkEvent;
import io.loom.libbpf.NetworkEvents;
import java.util.Set;

/** What the kernel says of interfaces, neighbours and routes, and who has to hear of it (docs/adr/0014). */
final class NetworkNews implements AutoCloseable {
    private static final int WAIT_MILLIS = 300;

    private final NetworkEvents events = NetworkEvents.open(WAIT_MILLIS);
    private final Neighbours neighbours = new Neighbours();
    private final Gateways gateways;
    private final Moves moves;

    NetworkNews(Moves moves, HopLookup lookup, Readings readings) {
        this.moves = moves;
        this.gateways = new Gateways(lookup::provoke, device -> Kernel.interfaceIndex(device).orElse(0), readings);
        // Nobody has watched the neighbours before this.
        moves.neighbour();
    }

    /** Waits a short time; the most that anything has called for meanwhile. One thread. */
    Neighbours.Consequence listen() {
        Neighbours.Consequence most = Neighbours.Consequence.NONE;
        for (NetworkEvent event : events.next()) {
            Neighbours.Consequence one = neighbours.take(event);
            most = one.compareTo(most) > 0 ? one : most;
            if (event instanceof NetworkEvent.Neighbour neighbour && neighbour.mac().isEmpty()) {
                gateways.lost(neighbour.address());
            }
        }
        if (most.compareTo(Neighbours.Consequence.LOOK) >= 0) {
            gateways.doubt();
        }
        if (most == Neighbours.Consequence.MOVED) {
            moves.neighbour();
        }
        return most;
    }

    /**
     * Each second, and when {@link #listen} says so.
     *
     * @param devices numbers of the interfaces that have the program
     * @param carried those of devices whose frames they carry
     */
    void watch(Set<Integer> devices, Set<Integer> carried) {
        moves.devices(devices, carried);
        gateways.keep();
    }

    @Override
    public void close() {
        events.close();
    }
}
