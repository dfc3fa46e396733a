package io.loom.datapath;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.plugin.Description;
import java.net.InetAddress;
import java.util.HexFormat;

/**
 * The fixed addresses in which packet cases happen, see {@link io.loom.api.plugin.PacketCase}.
 */
public final class World {
    public static final InetAddress VIP4 = address("192.0.2.10");
    public static final InetAddress VIP6 = address("2001:db8:a1:a2:a3:a4:a5:10");
    public static final int VIP_PORT = 80;
    public static final int VIP_UDP_PORT = 53;
    /** Of the vip; its backend is of the other address family. */
    public static final int CROSSED_PORT = 443;
    public static final InetAddress BACKEND4 = backend(Family.IPV4, 1);
    public static final InetAddress BACKEND6 = backend(Family.IPV6, 1);
    public static final InetAddress SOURCE4 = address("198.51.100.1");
    public static final InetAddress SOURCE6 = address("3fff:3:f1:f2:f3:f4:f5:1");
    public static final int MTU = 1500;
    /** Of the loopback device, on which test runs happen: frames that leave there are XDP_TX. */
    public static final int IFINDEX = 1;

    private static final int BACKEND_PORT = 8080;
    private static final HexFormat MAC = HexFormat.ofDelimiter(":");
    private static final byte[] BACKEND_MAC = MAC.parseHex("02:00:00:00:00:20");
    private static final byte[] LOOM_MAC = MAC.parseHex("02:00:00:00:00:01");

    private World() {}

    /** The backend's endpoint: under a direct method it has the vip's port. */
    public static Endpoint backend(Family family, Description method) {
        return new Endpoint(family == Family.IPV4 ? BACKEND4 : BACKEND6, method.direct() ? VIP_PORT : BACKEND_PORT);
    }

    public static Endpoint vip(Family family) {
        return new Endpoint(family == Family.IPV4 ? VIP4 : VIP6, VIP_PORT);
    }

    /**
     * The address of one of several backends.
     *
     * @param number from 1, which is the one of packet cases, to 80
     */
    public static InetAddress backend(Family family, int number) {
        return address((family == Family.IPV4 ? "198.51.100." : "3fff:1:b1:b2:b3:b4:b5:") + (19 + number));
    }

    public static InetAddress source(Family family) {
        return family == Family.IPV4 ? SOURCE4 : SOURCE6;
    }

    public static byte[] backendMac() {
        return BACKEND_MAC.clone();
    }

    public static byte[] loomMac() {
        return LOOM_MAC.clone();
    }

    private static InetAddress address(String literal) {
        return IpAddress.parse(literal).orElseThrow();
    }
}
