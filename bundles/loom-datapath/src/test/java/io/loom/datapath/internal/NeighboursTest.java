package io.loom.datapath.internal;

import static io.loom.datapath.internal.Neighbours.Consequence.GONE;
import static io.loom.datapath.internal.Neighbours.Consequence.LOOK;
import static io.loom.datapath.internal.Neighbours.Consequence.MOVED;
import static io.loom.datapath.internal.Neighbours.Consequence.NONE;
import static io.loom.datapath.internal.TestHost.address;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.datapath.internal.Neighbours.Consequence;
import io.loom.libbpf.NetworkEvent;
import java.net.InetAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NeighboursTest {
    private final Neighbours neighbours = new Neighbours();

    @Test
    void aNeighbourHasMovedWhenItsMacAddressIsAnotherThanBefore() {
        assertEquals(LOOK, host(2, "020000000001"));
        assertEquals(NONE, host(2, "020000000001"));
        assertEquals(MOVED, host(2, "020000000002"));
        assertEquals(MOVED, host(2, "020000000001"));
        assertEquals(LOOK, host(3, "020000000002"));
    }

    @Test
    void oneThatWasForgottenMeanwhileHasMovedAllTheSame() {
        host(2, "020000000001");
        assertEquals(GONE, host(2, ""));
        assertEquals(MOVED, host(2, "020000000002"));
    }

    @Test
    void oneThatGoesIsNewsOnceUntilItIsBack() {
        assertEquals(NONE, host(2, ""), "it never was there");
        assertEquals(LOOK, host(2, "020000000001"));
        assertEquals(GONE, host(2, ""));
        assertEquals(NONE, host(2, ""));
        assertEquals(NONE, host(2, "020000000001"));
        assertEquals(GONE, host(2, ""));
    }

    /** As when somebody has the kernel look through a whole subnet. */
    @Test
    void hostsThatAreNotThereMakeNoneForgottenThatAre() {
        host(2, "020000000001");
        for (int i = 0; i < 70_000; i++) {
            InetAddress nobody = address("10." + (1 + i / 65_536) + "." + i / 256 % 256 + "." + i % 256);
            assertEquals(NONE, neighbours.take(new NetworkEvent.Neighbour(2, nobody, Optional.empty())));
        }
        assertEquals(MOVED, host(2, "020000000002"));
    }

    @Test
    void anInterfaceIsLookedAtWhateverHappensAndHasMovedWithAnotherMacAddress() {
        assertEquals(LOOK, link(true, "020000000001"));
        assertEquals(LOOK, link(false, "020000000001"));
        assertEquals(MOVED, link(true, "020000000002"));
        assertEquals(LOOK, link(false, ""));
    }

    @Test
    void whatIsNotKnownMayBeAnything() {
        assertEquals(LOOK, neighbours.take(new NetworkEvent.Routing()));
        assertEquals(MOVED, neighbours.take(new NetworkEvent.Lost()));
    }

    private Consequence host(int ifindex, String mac) {
        return neighbours.take(new NetworkEvent.Neighbour(ifindex, address("10.0.0.1"), optional(mac)));
    }

    private Consequence link(boolean up, String mac) {
        return neighbours.take(new NetworkEvent.Link(2, up, optional(mac)));
    }

    private static Optional<String> optional(String mac) {
        return Optional.of(mac).filter(text -> !text.isEmpty());
    }
}
