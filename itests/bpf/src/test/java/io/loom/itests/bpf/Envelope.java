package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.datapath.World;
import java.util.Arrays;

/** Whether a frame is the packet that came in, one hop older, in a sound envelope: RFC 2003, 2473, 6040, 768, 6935; GUE variant 1. */
final class Envelope {
    private static final int GUE_PORT = 6080;
    private static final int FIRST_DYNAMIC_PORT = 49152;

    private Envelope() {}

    /**
     * Checks all of it.
     *
     * @return the address that the envelope is to
     */
    static byte[] open(Anatomy in, byte[] out, FuzzWorld.Vip vip) {
        boolean four = vip.backendFamily() == Family.IPV4;
        assertEquals(in.frame().length + vip.overhead(), out.length, "bytes that leave");
        link(in, out, four);
        int l3 = in.l3();
        int carried = in.length() + (vip.isGue() ? 8 : 0);
        int carries = vip.isGue() ? Anatomy.UDP : in.version() == 4 ? 4 : 41;
        Anatomy outer = new Anatomy(out, four ? 4 : 6, carries, l3, l3 + (four ? 20 : 40), l3 + (four ? 20 : 40) + carried);
        if (four) {
            outer4(in, outer);
        } else {
            outer6(in, outer, carried);
        }
        if (vip.isGue()) {
            gue(in, outer, carried);
        }
        inside(in, out, vip.overhead());
        int addresses = l3 + (four ? 12 : 8);
        int bytes = four ? 4 : 16;
        assertArrayEquals(World.source(vip.backendFamily()).getAddress(), Arrays.copyOfRange(out, addresses, addresses + bytes));
        return Arrays.copyOfRange(out, addresses + bytes, addresses + 2 * bytes);
    }

    private static void link(Anatomy in, byte[] out, boolean four) {
        assertArrayEquals(Expected.toBackend(), Arrays.copyOf(out, 12), "link addresses");
        assertArrayEquals(Arrays.copyOfRange(in.frame(), 12, in.l3() - 2), Arrays.copyOfRange(out, 12, in.l3() - 2), "tags");
        assertEquals(four ? 0x0800 : 0x86dd, Anatomy.word(out, in.l3() - 2), "type");
    }

    private static int tos(Anatomy packet) {
        int first = Anatomy.word(packet.frame(), packet.l3());
        return packet.version() == 4 ? first & 0xff : first >> 4 & 0xff;
    }

    private static void outer4(Anatomy in, Anatomy outer) {
        byte[] out = outer.frame();
        assertEquals(0x45, out[outer.l3()], "version and length of the outer header");
        assertEquals(outer.length(), Anatomy.word(out, outer.l3() + 2), "outer length");
        assertEquals(64, out[outer.l3() + 8], "outer TTL");
        assertEquals(outer.protocol(), out[outer.l3() + 9], "outer protocol");
        assertEquals(tos(in), tos(outer), "DSCP and ECN");
        assertTrue(outer.headerIsRight(), "outer header checksum");
    }

    private static void outer6(Anatomy in, Anatomy outer, int carried) {
        byte[] out = outer.frame();
        assertEquals(6, out[outer.l3()] >> 4 & 15, "outer version");
        assertEquals(carried, Anatomy.word(out, outer.l3() + 4), "outer length");
        assertEquals(outer.protocol(), out[outer.l3() + 6], "outer next header");
        assertEquals(64, out[outer.l3() + 7], "outer hop limit");
        assertEquals(tos(in), tos(outer), "DSCP and ECN");
    }

    private static void gue(Anatomy in, Anatomy outer, int carried) {
        byte[] out = outer.frame();
        assertEquals(GUE_PORT, Anatomy.word(out, outer.l4() + 2), "destination port");
        assertTrue(Anatomy.word(out, outer.l4()) >= FIRST_DYNAMIC_PORT, "source port");
        assertEquals(carried, Anatomy.word(out, outer.l4() + 4), "length of the datagram");
        assertEquals(outer.version() == 4 ? Anatomy.Sum.NONE : sum6(in), outer.transportSum(), "outer UDP checksum");
    }

    /** As right as the one inside, from which it is derived; none where that does not cover the packet (docs/adr/0009). */
    private static Anatomy.Sum sum6(Anatomy in) {
        boolean plain = in.piece() == Anatomy.Piece.WHOLE && (in.version() == 4 || in.l4() - in.l3() == 40);
        boolean covered = plain
                && (in.protocol() != Anatomy.UDP || Anatomy.word(in.frame(), in.l4() + 4) == in.end() - in.l4());
        return covered ? in.transportSum() : Anatomy.Sum.NONE;
    }

    private static void inside(Anatomy in, byte[] out, int overhead) {
        byte[] expected = Arrays.copyOfRange(in.frame(), in.l3(), in.frame().length);
        Expected.age(expected, in.version(), 0);
        byte[] found = Arrays.copyOfRange(out, in.l3() + overhead, out.length);
        Anatomy inner = new Anatomy(found, in.version(), in.protocol(), 0, in.l4() - in.l3(), in.length());
        assertEquals(in.headerIsRight(), inner.headerIsRight(), "header checksum inside is as right as it was");
        if (in.version() == 4) {
            expected[10] = found[10];
            expected[11] = found[11];
        }
        assertArrayEquals(expected, found, "what is inside");
    }
}
