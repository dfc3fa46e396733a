package io.loom.itests.bpf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.loom.api.Family;
import io.loom.datapath.World;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/** Frames by name, made by bpf-objects/test/packets.py in the world of {@link io.loom.api.plugin.PacketCase}. */
final class Frames {
    private final JsonNode frames;

    Frames() {
        Path file = Path.of(System.getProperty("loom.bpf"), "test", "packets", "frames.json");
        try {
            frames = new ObjectMapper().readTree(file.toFile());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** @param flags of TCP: S, A, PA, PFA, FA, RA or R; @param port of the client, 40000 to 40007 */
    byte[] request(Family family, String flags, int port) {
        return named(family.version() + " request " + flags + " " + port);
    }

    /** @param flags of TCP: SA, A, FA or R; @param port of Loom, 20000 or 20001 */
    byte[] answer(Family family, String flags, int port) {
        return named(family.version() + " answer " + flags + " " + port);
    }

    /** An echo request to the vip. */
    byte[] ping(Family family) {
        return named(family.version() + " ping");
    }

    /** A datagram of eight bytes from the client of {@link #request} to port 53 of its vip. */
    byte[] datagram(Family family, int port) {
        Anatomy request = Anatomy.read(request(family, "S", port)).anatomy().orElseThrow();
        int end = request.l4() + 16;
        Anatomy made = new Anatomy(
                Arrays.copyOf(request.frame(), end), request.version(), Anatomy.UDP, request.l3(), request.l4(), end);
        label(made);
        made.put(made.l4() + 2, World.VIP_UDP_PORT);
        made.put(made.l4() + 4, end - made.l4());
        made.sumUp();
        return made.frame();
    }

    /**
     * A fragment of a datagram to port 53 of the vip, whose first one ends behind 32 bytes and whose second one behind 64.
     *
     * @param number 0, 1 or 2
     */
    byte[] fragment(Family family, int number, int identification) {
        byte[] frame = named(family.version() + " fragment " + number);
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        if (family == Family.IPV4) {
            int sum = Short.toUnsignedInt(buffer.getShort(24)) + Short.toUnsignedInt(buffer.getShort(18));
            buffer.putShort(18, (short) identification).putShort(24, (short) 0);
            sum = sum - identification;
            buffer.putShort(24, (short) (sum <= 0 ? sum - 1 : sum > 0xffff ? sum + 1 : sum));
        } else {
            buffer.putInt(58, identification);
        }
        return frame;
    }

    /** An ICMP error, host unreachable, from the client: about the answer to its packet. */
    byte[] error(Family family, byte[] packet) {
        Anatomy about = Anatomy.read(packet).anatomy().orElseThrow();
        boolean four = family == Family.IPV4;
        int l4 = about.l4();
        int quoted = l4 + 8;
        int bytes = four ? 4 : 16;
        int source = four ? 12 : 8;
        byte[] frame = Arrays.copyOf(packet, quoted + (l4 - about.l3()) + 8);
        System.arraycopy(packet, about.l3(), frame, quoted, l4 - about.l3() + 8);
        System.arraycopy(packet, about.l3() + source, frame, quoted + source + bytes, bytes);
        System.arraycopy(packet, about.l3() + source + bytes, frame, quoted + source, bytes);
        System.arraycopy(packet, l4, frame, quoted + (l4 - about.l3()) + 2, 2);
        System.arraycopy(packet, l4 + 2, frame, quoted + (l4 - about.l3()), 2);
        Anatomy made = new Anatomy(frame, about.version(), four ? Anatomy.ICMP4 : Anatomy.ICMP6, about.l3(), l4, frame.length);
        label(made);
        Arrays.fill(frame, l4, quoted, (byte) 0);
        frame[l4] = (byte) (four ? 3 : 1);
        made.sumUp();
        return frame;
    }

    /** Protocol and length in the IP header. */
    private static void label(Anatomy packet) {
        boolean four = packet.version() == 4;
        packet.frame()[packet.l3() + (four ? 9 : 6)] = (byte) packet.protocol();
        packet.put(packet.l3() + (four ? 2 : 4), four ? packet.length() : packet.length() - 40);
    }

    private byte[] named(String name) {
        if (!frames.has(name)) {
            throw new IllegalArgumentException("no frame " + name);
        }
        return HexFormat.of().parseHex(frames.get(name).asText());
    }
}
