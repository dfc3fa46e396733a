package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;

/**
 * Says of ICMP errors that left whether they may have: to a backend of the vip that the quoted packet is from, or to the client
 * of the connection that it belongs to, with length and checksums as right as they came in.
 */
final class FuzzErrors {
    /** Of IPv6, RFC 8200 section 4.5. */
    private static final byte FRAGMENT = 44;

    private final Map<Anatomy.Peer, FuzzWorld.Vip> vips;

    FuzzErrors(Map<Anatomy.Peer, FuzzWorld.Vip> vips) {
        this.vips = vips;
    }

    /** The two ends of the packet that an error quotes. */
    record Quoted(Anatomy.Peer source, Anatomy.Peer destination) {}

    static Quoted quoted(Anatomy error) {
        byte[] frame = error.frame();
        int l3 = error.l4() + 8;
        boolean four = error.version() == 4;
        boolean fragment = !four && frame[l3 + 6] == FRAGMENT;
        int header = four ? (frame[l3] & 15) * 4 : fragment ? 48 : 40;
        int protocol = frame[l3 + (four ? 9 : fragment ? 40 : 6)] & 0xff;
        int addresses = l3 + (four ? 12 : 8);
        int bytes = four ? 4 : 16;
        return new Quoted(
                new Anatomy.Peer(address(frame, addresses, bytes), Anatomy.word(frame, l3 + header), protocol),
                new Anatomy.Peer(address(frame, addresses + bytes, bytes), Anatomy.word(frame, l3 + header + 2), protocol));
    }

    private static ByteBuffer address(byte[] frame, int from, int bytes) {
        return ByteBuffer.wrap(Arrays.copyOfRange(frame, from, from + bytes));
    }

    private static ByteBuffer destination(Anatomy packet) {
        int from = packet.l3() + (packet.version() == 4 ? 16 : 24);
        return address(packet.frame(), from, packet.version() == 4 ? 4 : 16);
    }

    /** The vip whose connection the error is about, if its packets went there; null: it is about one of a backend's. */
    FuzzWorld.Vip vip(Anatomy error) {
        return vips.get(quoted(error).source());
    }

    /** An error that was sent to a backend. */
    void sent(FuzzWorld.Vip vip, Anatomy in, byte[] out) {
        assertTrue(in.headerIsRight(), "an error with a wrong header checksum");
        if (vip.encapsulates()) {
            byte[] backend = Envelope.open(in, out, vip);
            assertTrue(vip.backends().stream().anyMatch(one -> Arrays.equals(one.address().getAddress(), backend)));
            return;
        }
        Anatomy sent = sound(in, out);
        assertArrayEquals(Expected.toBackend(), Arrays.copyOf(out, 12), "link addresses");
        if (vip.isNat()) {
            ByteBuffer backend = destination(sent);
            assertTrue(vip.backends().stream().anyMatch(one -> ByteBuffer.wrap(one.address().getAddress()).equals(backend)),
                    "an error to none of the vip's backends");
            assertEquals(backend, quoted(sent).source().address(), "whose packet it quotes");
        }
    }

    /** An error that was sent to a client. */
    void returned(Anatomy.Peer vip, Anatomy.Peer client, Anatomy in, byte[] out) {
        Anatomy sent = sound(in, out);
        assertNotNull(vips.get(vip));
        assertEquals(client.address(), destination(sent), "an error goes to the client");
        assertEquals(new Quoted(client, vip), quoted(sent), "what the client has sent");
    }

    /** An error of Loom's own, about a request that could not go on: made from nothing, so that all of it is right. */
    static void told(FuzzWorld.Vip vip, Anatomy in, byte[] out) {
        boolean four = in.version() == 4;
        int header = four ? 20 : 40;
        int quoted = Math.min(in.length(), (four ? 576 : 1280) - header - 8);
        int l4 = in.l3() + header;
        assertEquals(l4 + 8 + quoted, out.length, "length of the error");
        Anatomy error = new Anatomy(out, in.version(), four ? Anatomy.ICMP4 : Anatomy.ICMP6, in.l3(), l4, out.length);
        assertTrue(error.headerIsRight(), "header checksum of an error of Loom's own");
        assertEquals(Anatomy.Sum.RIGHT, error.transportSum(), "checksum of an error of Loom's own");
        assertEquals(destination(in), address(out, in.l3() + (four ? 12 : 8), four ? 4 : 16), "the vip says it");
        assertEquals(in.source().address(), destination(error), "to the sender");
        assertEquals(Expected.turned(in.link()), error.link(), "the way that it came");
        assertArrayEquals(Arrays.copyOfRange(in.frame(), in.l3(), in.l3() + quoted), Arrays.copyOfRange(out, l4 + 8, out.length));
        int mtu = FuzzWorld.MTU - vip.overhead();
        int kind = Anatomy.word(out, l4);
        if (in.ttl() <= 1) {
            assertEquals(four ? 0x0b00 : 0x0300, kind, "time exceeded");
        } else {
            assertEquals(four ? 0x0304 : 0x0200, kind, "too big");
            assertEquals(mtu, Anatomy.word(out, l4 + 6), "MTU");
        }
        assertEquals(0, Anatomy.word(out, l4 + 4));
    }

    private static Anatomy sound(Anatomy in, byte[] out) {
        assertEquals(in.frame().length, out.length);
        Anatomy sent = new Anatomy(out, in.version(), in.protocol(), in.l3(), in.l4(), in.end());
        assertEquals(in.headerIsRight(), sent.headerIsRight(), "header checksum is as right as it was");
        assertEquals(in.transportSum(), sent.transportSum(), "ICMP checksum is as right as it was");
        assertEquals(in.ttl() - 1, sent.ttl(), "one hop older");
        return sent;
    }
}
