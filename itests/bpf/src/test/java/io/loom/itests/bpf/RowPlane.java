package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import java.io.IOException;

/** The program in the world of packet tables, behind poisoned headroom; forgets its connections between rows. */
final class RowPlane implements AutoCloseable {
    private final ScratchPlane plane;
    private final Poison poison;

    /** @param mtu towards the backend, bytes of IP packet; 0: unknown */
    RowPlane(Composition composition, String method, int mtu) throws IOException {
        plane = ScratchPlane.open(composition, Linked.ONE_PORT);
        plane.addWorld(method, mtu);
        poison = new Poison(plane.program());
    }

    ScratchPlane.Outcome run(byte[] frame) {
        return plane.run(poison.program(), frame);
    }

    void forget() {
        for (Family family : Family.values()) {
            plane.connections(family).walk((listener, client, rawPort, word) -> 0);
            new NatPairs(plane, family).clear();
        }
    }

    @Override
    public void close() {
        poison.close();
        plane.close();
    }
}
