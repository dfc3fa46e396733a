package io.loom.itests.bpf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Packets that are like another one but for one thing; their checksums are right. */
final class Twins {
    private Twins() {}

    /** For each 32-bit word of its source: one that differs in the word's last bit. */
    static List<byte[]> bySource(byte[] frame) {
        return byWords(frame, read(frame).version() == 4 ? 12 : 8);
    }

    static List<byte[]> byDestination(byte[] frame) {
        return byWords(frame, read(frame).version() == 4 ? 16 : 24);
    }

    private static List<byte[]> byWords(byte[] frame, int offset) {
        Anatomy packet = read(frame);
        List<byte[]> twins = new ArrayList<>();
        for (int last = 3; last < (packet.version() == 4 ? 4 : 16); last += Integer.BYTES) {
            twins.add(differing(frame, packet.l3() + offset + last, 1));
        }
        return twins;
    }

    /** @param bits of the port to turn over, 1 to 255 */
    static byte[] bySourcePort(byte[] frame, int bits) {
        return differing(frame, read(frame).l4() + 1, bits);
    }

    static byte[] byDestinationPort(byte[] frame, int bits) {
        return differing(frame, read(frame).l4() + 3, bits);
    }

    /** The same addresses and ports in UDP, with the TCP header's remainder as payload. */
    static byte[] byProtocol(byte[] frame) {
        Anatomy packet = read(frame);
        byte[] twin = frame.clone();
        twin[packet.l3() + (packet.version() == 4 ? 9 : 6)] = Anatomy.UDP;
        Anatomy datagram = new Anatomy(twin, packet.version(), Anatomy.UDP, packet.l3(), packet.l4(), packet.end());
        datagram.put(packet.l4() + 4, packet.end() - packet.l4());
        datagram.sumUp();
        return twin;
    }

    /** With other ports. */
    static byte[] withPorts(byte[] frame, int source, int destination) {
        Anatomy packet = read(frame.clone());
        packet.put(packet.l4(), source);
        packet.put(packet.l4() + 2, destination);
        packet.sumUp();
        return packet.frame();
    }

    /** With another source address. */
    static byte[] withSource(byte[] frame, byte[] address) {
        Anatomy packet = read(frame.clone());
        System.arraycopy(address, 0, packet.frame(), packet.l3() + (packet.version() == 4 ? 12 : 8), address.length);
        packet.sumUp();
        return packet.frame();
    }

    private static byte[] differing(byte[] frame, int offset, int bits) {
        byte[] twin = Arrays.copyOf(frame, frame.length);
        twin[offset] ^= (byte) bits;
        read(twin).sumUp();
        return twin;
    }

    static Anatomy read(byte[] frame) {
        return Anatomy.read(frame).anatomy().orElseThrow();
    }
}
