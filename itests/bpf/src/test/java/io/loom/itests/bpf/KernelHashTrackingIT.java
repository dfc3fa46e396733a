package io.loom.itests.bpf;

import io.loom.datapath.Tuning;

/** The same with connections in the kernel's LRU hash. */
class KernelHashTrackingIT extends TrackingIT {
    @Override
    Tuning tuning() {
        return Tuning.small(Linked.HZ).withConnections(new Tuning.Connections(1024, Tuning.Connections.Kind.LRU_HASH));
    }
}
