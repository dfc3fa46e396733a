package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.World;
import io.loom.datapath.internal.FlowHash;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Which ports nat tries for a flow of {@link Frames#request}, as nat_port_pick() names them. */
final class NatPorts {
    private NatPorts() {}

    /**
     * @param attempt 0: the port that a flow begins with if it is free
     * @param count   of nat's ports
     * @return how far it is from the first of nat's ports
     */
    static int picked(Family family, int clientPort, int attempt, int count) {
        int hash = (flow(family, clientPort) + attempt * 0x9e3779b9) * 0x85ebca6b;
        hash = (hash ^ hash >>> 15) * 0xc2b2ae35;
        return (int) (Integer.toUnsignedLong(hash) * count >>> 32);
    }

    private static int flow(Family family, int clientPort) {
        ByteBuffer address = Twins.read(new Frames().request(family, "S", Balancer.CLIENT_PORT)).source().address();
        int[] client = new int[family.addressBytes() / Integer.BYTES];
        address.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(client);
        FlowHash hash = new FlowHash(new ListenerKey(Protocol.TCP, World.vip(family)));
        return hash.of(client, Short.toUnsignedInt(Short.reverseBytes((short) clientPort)));
    }
}
