package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry;
import java.io.IOException;
import java.util.Set;

/** The program in the world of packet tables, behind poisoned headroom; forgets its connections between rows. */
final class RowPlane implements AutoCloseable {
    private final ScratchPlane plane;
    private final Poison poison;

    /** @param world a row of it; the others may differ in name and steps */
    RowPlane(PacketRow world) throws IOException {
        Composition composition = world.options().contains("sources") ? Linked.withSources() : Linked.shipped();
        plane = ScratchPlane.open(composition, Linked.ONE_PORT);
        plane.addWorld(world.method(), world.mtu());
        Protocol protocol = world.options().contains("udp") ? Protocol.UDP : Protocol.TCP;
        Set<ListenerEntry.Flag> flags =
                world.options().contains("keep") ? Set.of(ListenerEntry.Flag.KEEP_CLIENT) : Set.of();
        for (Family family : Family.values()) {
            ListenerEntry listener =
                    new ListenerEntry(family.ordinal(), LookupTable.Index.FLOW_HASH, flags, family.ordinal(), 1, 0);
            plane.putListener(new ListenerKey(protocol, World.vip(family)), listener);
        }
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
