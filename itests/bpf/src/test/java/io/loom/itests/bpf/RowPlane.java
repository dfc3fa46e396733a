package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.libbpf.BpfMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The program in the world of packet tables, behind poisoned headroom; forgets its connections between rows. */
final class RowPlane implements AutoCloseable {
    private static final List<String> REMEMBERED = List.of("nat_replies4", "nat_replies6");

    private final ScratchPlane plane;
    private final Poison poison;

    /**
     * What rows may differ in before their first packet.
     *
     * @param mtu     towards the backend, bytes of IP packet; 0: unknown
     * @param crossed the backend is of the other address family
     * @param entropy bits of the last word of outer sources that come from the flow's hash
     */
    record World(String method, int mtu, boolean crossed, int entropy) {}

    RowPlane(Composition composition, World world) throws IOException {
        plane = ScratchPlane.open(composition, Linked.ONE_PORT);
        plane.addWorld(world.method(), world.mtu(), world.crossed(), world.entropy());
        poison = new Poison(plane.program());
    }

    ScratchPlane.Outcome run(byte[] frame) {
        return plane.run(poison.program(), frame);
    }

    void forget() {
        for (Family family : Family.values()) {
            plane.connections(family).walk((listener, client, rawPort, word) -> 0);
        }
        for (String name : REMEMBERED) {
            BpfMap map = plane.map(name);
            List<byte[]> keys = new ArrayList<>();
            map.forEach((key, value) -> keys.add(key.clone()));
            keys.forEach(map::delete);
        }
    }

    @Override
    public void close() {
        poison.close();
        plane.close();
    }
}
