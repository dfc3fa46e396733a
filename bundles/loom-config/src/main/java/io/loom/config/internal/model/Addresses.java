package io.loom.config.internal.model;

import io.loom.api.IpAddress;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.yaml.Located;
import java.net.InetAddress;
import java.util.Arrays;

/** Which addresses one host can have. */
final class Addresses {
    private static final byte[] BROADCAST = {-1, -1, -1, -1};

    private Addresses() {}

    /** False, and reported, for addresses that name no single host. */
    static boolean usable(Located<InetAddress> address, Findings findings) {
        InetAddress value = address.value();
        if (!value.isAnyLocalAddress() && !value.isMulticastAddress() && !Arrays.equals(value.getAddress(), BROADCAST)) {
            return true;
        }
        findings.error(Code.UNUSABLE_ADDRESS, address.place(), "address " + IpAddress.format(value) + " cannot be used",
                "it does not name one host", "give a unicast address");
        return false;
    }
}
