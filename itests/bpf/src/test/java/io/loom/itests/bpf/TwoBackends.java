package io.loom.itests.bpf;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.FlowCount;

/** Backends 1 and 2, by ipip: where packets can go, and where they went. */
final class TwoBackends {
    private TwoBackends() {}

    static void put(ScratchPlane plane, Family family) {
        put(plane, family, 1, false, false);
        put(plane, family, 2, false, false);
    }

    static void put(ScratchPlane plane, Family family, int number, boolean down, boolean draining) {
        Endpoint endpoint = new Endpoint(World.backend(family, number), World.VIP_PORT);
        plane.putBackend(number, new ScratchPlane.Backend(endpoint, "ipip", World.MTU, down, World.IFINDEX), draining);
    }

    /** Sends the packet. @return the backend that it went to; 0: it was not forwarded */
    static int reached(ScratchPlane plane, byte[] frame) {
        long first = packets(plane, 1);
        long second = packets(plane, 2);
        plane.run(frame);
        return packets(plane, 1) > first ? 1 : packets(plane, 2) > second ? 2 : 0;
    }

    static long packets(ScratchPlane plane, int backend) {
        return FlowCount.sum(plane.map("loom_bstats").lookup(Keys.of(backend)).orElseThrow()).packets();
    }
}
