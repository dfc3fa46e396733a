package io.loom.datapath.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether packets can come in over software alone, from a host on this machine, which may leave their checksums to a network card
 * (core/unfinished.h). To look for these costs a SYN a sixth of its time; what comes from a card has been through one. Of a device that cannot be
 * looked at they are looked for: not to see them would break its vips in silence.
 */
final class SoftwareLinks {
    private static final String VIRTUAL = "/devices/virtual/";
    private static final String BOND = "bonding";

    private SoftwareLinks() {}

    /** @param net /sys/class/net. One that is absent is none, until it comes */
    static boolean any(Path net, List<String> devices, Readings readings) {
        List<IOException> failures = new ArrayList<>();
        boolean any = false;
        for (String device : devices) {
            any |= is(net, device, failures);
        }
        readings.looked(net, "all interfaces are taken for such as veth, whose packets may have no checksum: new connections cost more", failures);
        return any;
    }

    /** Veths, taps and bridges have no hardware; a bond has none either, but its members do. */
    private static boolean is(Path net, String device, List<IOException> failures) {
        Path link = net.resolve(device);
        if (Carriers.isGone(net, device)) {
            return false;
        }
        try {
            return link.toRealPath().toString().contains(VIRTUAL) && !Files.exists(link.resolve(BOND));
        } catch (IOException unreadable) {
            if (Carriers.isGone(net, device)) {
                return false;
            }
            failures.add(unreadable);
            return true;
        }
    }
}
