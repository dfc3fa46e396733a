package io.loom.datapath.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether packets can come in over software alone, from a host on this machine, which may leave their checksums to a network card
 * (core/unfinished.h). To look for these costs a SYN a sixth of its time; what comes from a card has been through one.
 */
final class SoftwareLinks {
    private static final Logger LOG = LoggerFactory.getLogger(SoftwareLinks.class);
    private static final String VIRTUAL = "/devices/virtual/";
    private static final String BOND = "bonding";

    private SoftwareLinks() {}

    /** @param net /sys/class/net. One that is absent is none, until it comes */
    static boolean any(Path net, List<String> devices) {
        return devices.stream().anyMatch(device -> is(net.resolve(device)));
    }

    /** Veths, taps and bridges have no hardware; a bond has none either, but its members do. */
    private static boolean is(Path device) {
        try {
            return Files.exists(device) && device.toRealPath().toString().contains(VIRTUAL) && !Files.exists(device.resolve(BOND));
        } catch (IOException gone) {
            LOG.debug("{} cannot be looked at: {}", device, gone.toString());
            return false;
        }
    }
}
