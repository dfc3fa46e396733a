package io.loom.datapath.internal;

import io.loom.api.MacAddress;
import io.loom.libbpf.Kernel;
import java.util.Optional;
import java.util.OptionalInt;

/** Devices of this network namespace. */
final class Links implements Stations.Host {
    @Override
    public OptionalInt ifindex(String device) {
        return Kernel.interfaceIndex(device);
    }

    @Override
    public Optional<MacAddress> mac(String device) {
        return Kernel.macAddress(device);
    }
}
