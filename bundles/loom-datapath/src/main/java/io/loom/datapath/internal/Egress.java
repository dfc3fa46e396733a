package io.loom.datapath.internal;

import io.loom.libbpf.BpfException;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The interfaces on which frames may leave other than the one they came in on: entries of loom_devices. One thread. */
final class Egress {
    private static final Logger LOG = LoggerFactory.getLogger(Egress.class);

    private final BpfMap devices;

    Egress(BpfMap devices) {
        this.devices = devices;
    }

    /** The kernel deletes entries of interfaces that go, so each one is looked at again. */
    void allow(Set<Integer> ifindexes) {
        for (int ifindex : ifindexes) {
            try {
                if (devices.lookup(Keys.of(ifindex)).isEmpty()) {
                    devices.update(Keys.of(ifindex), value(ifindex), UpdateMode.ANY);
                }
            } catch (BpfException gone) {
                LOG.warn("frames cannot leave on interface {}: {}", ifindex, gone.getMessage());
            }
        }
    }

    private byte[] value(int ifindex) {
        return ByteBuffer.allocate(devices.valueSize()).order(ByteOrder.LITTLE_ENDIAN).putInt(ifindex).array();
    }
}
