package io.loom.api.plugin;

import java.util.HexFormat;
import java.util.Optional;

/**
 * A packet, the verdict it must get and, where it is forwarded, the exact frame that must leave.
 *
 * <p>Self-test cases run on scratch maps that describe one fixed world: vip 192.0.2.10 and 2001:db8:a1:a2:a3:a4:a5:10, TCP port 80
 * and UDP port 53; one backend 198.51.100.20 and 3fff:1:b1:b2:b3:b4:b5:20, port 8080 (port 80 under a direct method); Loom's own
 * addresses towards it 198.51.100.1 and 3fff:3:f1:f2:f3:f4:f5:1; backend MAC 02:00:00:00:00:20, Loom's MAC 02:00:00:00:00:01,
 * which frames that come in are for: those to other stations pass. TCP port 443 of each vip has the backend of the other family, if the method reaches such. The words of the IPv6 addresses
 * differ, so that a program which takes one for another is found out.
 *
 * @param name     a sentence
 * @param frame    Ethernet frame that comes in
 * @param verdict  name of a {@link io.loom.api.Verdict} or of one of the method's reasons
 * @param expected Ethernet frame that leaves; empty if nothing leaves
 */
public record PacketCase(String name, byte[] frame, String verdict, Optional<byte[]> expected) {

    /** A packet after which a frame leaves. @param frame hex, as is {@code expected} */
    public static PacketCase sent(String name, String verdict, String frame, String expected) {
        return new PacketCase(name, hex(frame), verdict, Optional.of(hex(expected)));
    }

    /** A packet that passes or is dropped. @param frame hex */
    public static PacketCase kept(String name, String verdict, String frame) {
        return new PacketCase(name, hex(frame), verdict, Optional.empty());
    }

    private static byte[] hex(String frame) {
        return HexFormat.of().parseHex(frame);
    }
}
