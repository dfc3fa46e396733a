package io.loom.itests.bpf;

import io.loom.datapath.World;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Frames as they ought to leave, made anew from those that came in: after RFC 2003, 2473, 3022 and 6040, not by the program. */
final class Expected {
    private static final int FLOW_LABEL = 0xfffff;

    private Expected() {}

    static byte[] toBackend() {
        return ByteBuffer.allocate(12).put(World.backendMac()).put(World.loomMac()).array();
    }

    /** Ethernet addresses of the way back. */
    static ByteBuffer turned(ByteBuffer link) {
        byte[] bytes = link.array();
        return ByteBuffer.allocate(12).put(bytes, 6, 6).put(bytes, 0, 6).flip();
    }

    /** Addresses, ports and Ethernet addresses are others, the time to live is one less; checksums are as they came in. */
    static byte[] translated(Anatomy in, Anatomy.Peer source, Anatomy.Peer destination, byte[] link) {
        Anatomy made = new Anatomy(in.frame().clone(), in.version(), in.protocol(), in.l3(), in.l4(), in.end(), in.piece());
        byte[] frame = made.frame();
        System.arraycopy(link, 0, frame, 0, link.length);
        int addresses = in.l3() + (in.version() == 4 ? 12 : 8);
        byte[] from = source.address().array();
        boolean renamed = !ByteBuffer.wrap(frame, addresses, from.length).equals(source.address());
        System.arraycopy(from, 0, frame, addresses, from.length);
        System.arraycopy(destination.address().array(), 0, frame, addresses + from.length, from.length);
        if (in.piece() != Anatomy.Piece.LATER) {
            made.put(in.l4(), source.port());
            made.put(in.l4() + 2, destination.port());
        }
        age(frame, in.version(), in.l3());
        if (renamed) {
            identify(frame, in, source.port(), destination.port());
        }
        return frame;
    }

    /** Another source has other identifications (docs/adr/0024-identifications.md). */
    private static void identify(byte[] frame, Anatomy in, int source, int destination) {
        ByteBuffer packet = ByteBuffer.wrap(frame);
        if (in.version() == 4) {
            int at = in.l3() + 4;
            int moved = packet.getShort(at) + source * 0x9e37 + destination * 0x85eb;
            if (packet.getShort(at + 2) != 0x4000) {
                packet.putShort(at, (short) moved);
            }
            return;
        }
        int at = in.l3() + 40;
        int next = frame[in.l3() + 6] & 0xff;
        while (next == 0 || next == 43 || next == 60 || next == 44 && (packet.getShort(at + 2) & 0xfff9) == 0) {
            int length = next == 44 ? 8 : 8 + 8 * (frame[at + 1] & 0xff);
            next = frame[at] & 0xff;
            at += length;
        }
        if (next == 44) {
            packet.putInt(at + 4, packet.getInt(at + 4) + (source << 16 | destination) * 0x9e3779b1);
        }
    }

    /**
     * The packet, one hop older, in another one to the backend; checksums of the inner one are as they came in.
     *
     * @param label of an IPv6 flow that has none of its own (RFC 6438)
     */
    static byte[] wrapped(Anatomy in, byte[] backend, int label) {
        byte[] outer = in.version() == 4 ? outer4(in, backend) : outer6(in, backend, label);
        byte[] inner = Arrays.copyOfRange(in.frame(), in.l3(), in.frame().length);
        age(inner, in.version(), 0);
        return ByteBuffer.allocate(in.frame().length + outer.length)
                .put(toBackend()).put(in.frame(), 12, in.l3() - 12).put(outer).put(inner).array();
    }

    private static byte[] outer4(Anatomy in, byte[] backend) {
        byte[] frame = in.frame();
        int l3 = in.l3();
        boolean whole = (frame[l3 + 6] & 0x40) != 0;
        int part = Anatomy.word(frame, l3 + 6) & 0x3fff;
        int identification = Anatomy.word(frame, l3 + 4) + part;
        byte[] header = ByteBuffer.allocate(20).put((byte) 0x45).put(frame[l3 + 1]).putShort((short) (in.length() + 20))
                .putShort((short) (whole ? 0 : identification)).putShort((short) (whole ? 0x4000 : 0))
                .put((byte) 64).put((byte) 4).putShort((short) 0)
                .put(World.SOURCE4.getAddress()).put(backend).array();
        int sum = 0;
        for (int i = 0; i < header.length; i += 2) {
            sum += (header[i] & 0xff) << 8 | header[i + 1] & 0xff;
        }
        int check = ~((sum & 0xffff) + (sum >> 16) + ((sum & 0xffff) + (sum >> 16) >> 16));
        header[10] = (byte) (check >> 8);
        header[11] = (byte) check;
        return header;
    }

    private static byte[] outer6(Anatomy in, byte[] backend, int label) {
        int first = ByteBuffer.wrap(in.frame()).getInt(in.l3());
        int labelled = (first & FLOW_LABEL) == 0 ? first | label : first;
        return ByteBuffer.allocate(40).putInt(labelled).putShort((short) in.length()).put((byte) 41).put((byte) 64)
                .put(World.SOURCE6.getAddress()).put(backend).array();
    }

    /** The flow label of the outermost header of what left; 0 if that is IPv4. */
    static int label(byte[] out, Anatomy in) {
        return in.version() == 4 ? 0 : ByteBuffer.wrap(out).getInt(in.l3()) & FLOW_LABEL;
    }

    /** Whether the outermost header of what left is to that backend. */
    static boolean outerIsTo(byte[] out, Anatomy in, byte[] backend) {
        int at = in.l3() + (in.version() == 4 ? 16 : 24);
        return Arrays.equals(Arrays.copyOfRange(out, at, at + backend.length), backend);
    }

    static void age(byte[] frame, int version, int l3) {
        frame[l3 + (version == 4 ? 8 : 7)]--;
    }

    /** Copies the checksums of a packet into an expected frame in which it has the same place: they are judged apart. */
    static void takeSums(byte[] expected, Anatomy sent, Anatomy in) {
        if (sent.version() == 4) {
            copy(expected, sent, sent.l3() + 10);
        }
        if (in.piece() != Anatomy.Piece.LATER && (!in.source().equals(sent.source()) || !in.destination().equals(sent.destination()))) {
            copy(expected, sent, sent.checkAt());
        }
    }

    private static void copy(byte[] expected, Anatomy sent, int at) {
        expected[at] = sent.frame()[at];
        expected[at + 1] = sent.frame()[at + 1];
    }
}
