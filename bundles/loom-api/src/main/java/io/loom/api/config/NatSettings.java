package io.loom.api.config;

import java.net.InetAddress;
import java.util.List;

/**
 * How nat replaces the client's address.
 *
 * @param sourceAddresses to put in its place, at most {@link #MOST} of each family; a family without one: Loom's own address
 *                        towards the backend
 * @param assign          put them on the interface (/32, /128)
 */
public record NatSettings(List<InetAddress> sourceAddresses, boolean assign) {

    /** A connection names its address by an index of four bits, 0 being Loom's own. */
    public static final int MOST = 15;

    public static final NatSettings DEFAULT = new NatSettings(List.of(), true);

    public NatSettings {
        sourceAddresses = List.copyOf(sourceAddresses);
    }
}
