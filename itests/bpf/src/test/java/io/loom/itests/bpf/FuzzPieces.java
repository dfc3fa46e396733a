package io.loom.itests.bpf;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;

/** Cuts frames into fragments (RFC 791, RFC 8200 section 4.5) and puts extension headers into them, for the fuzzer. */
final class FuzzPieces {
    private static final int[] OPTIONS = {60, 43, 44, 60};

    private final SplittableRandom random;

    FuzzPieces(SplittableRandom random) {
        this.random = random;
    }

    /** The fragments of a sound packet, mostly in order; none if it is too short for two. */
    List<byte[]> cut(byte[] frame) {
        Optional<Anatomy> read = Anatomy.read(frame).anatomy().filter(one -> one.piece() == Anatomy.Piece.WHOLE);
        List<byte[]> pieces = new ArrayList<>();
        if (read.isEmpty() || read.get().end() - read.get().l4() < 32) {
            return pieces;
        }
        Anatomy whole = read.get();
        int bytes = whole.end() - whole.l4();
        int identification = random.nextInt();
        int from = 0;
        while (from < bytes) {
            int until = from + 8 * (1 + random.nextInt(Math.max(1, bytes / 12))) + (from == 0 ? 16 : 0);
            pieces.add(piece(whole, from, Math.min(until, bytes), identification));
            from = until;
        }
        if (random.nextInt(4) == 0) {
            Collections.shuffle(pieces, new Random(random.nextLong()));
        }
        if (random.nextInt(8) == 0) {
            pieces.add(pieces.get(random.nextInt(pieces.size())).clone());
        }
        return pieces;
    }

    private static byte[] piece(Anatomy whole, int from, int until, int identification) {
        byte[] frame = whole.frame();
        boolean four = whole.version() == 4;
        boolean last = whole.l4() + until == whole.end();
        int added = four ? 0 : 8;
        ByteBuffer made = ByteBuffer.allocate(whole.l4() + added + until - from);
        made.put(frame, 0, whole.l4());
        if (!four) {
            made.put((byte) whole.protocol()).put((byte) 0).putShort((short) (from | (last ? 0 : 1))).putInt(identification);
        }
        made.put(frame, whole.l4() + from, until - from);
        Anatomy piece = new Anatomy(made.array(), whole.version(), whole.protocol(), whole.l3(), whole.l4(), made.capacity());
        int l3 = whole.l3();
        if (four) {
            piece.put(l3 + 2, piece.length());
            piece.put(l3 + 4, identification);
            piece.put(l3 + 6, from / 8 | (last ? 0 : 0x2000));
            piece.sumUpHeader();
        } else {
            piece.put(l3 + 4, piece.length() - 40);
            made.put(Chain.lastNext(frame, l3, whole.l4()), (byte) 44);
        }
        return made.array();
    }

    /** The packet with one to three extension headers in front of what it carries; IPv4 as it is. */
    byte[] extended(byte[] frame) {
        Optional<Anatomy> read = Anatomy.read(frame).anatomy().filter(one -> one.version() == 6 && one.l4() == one.l3() + 40);
        if (read.isEmpty()) {
            return frame;
        }
        Anatomy whole = read.get();
        int next = whole.protocol();
        int headers = 1 + random.nextInt(3);
        byte[] made = frame;
        for (int i = 0; i < headers; i++) {
            int type = i == headers - 1 && random.nextBoolean() ? 0 : OPTIONS[random.nextInt(OPTIONS.length)];
            byte[] header = new byte[type == 44 ? 8 : 8 * (1 + random.nextInt(3))];
            header[0] = (byte) next;
            header[1] = (byte) (type == 44 ? 0 : header.length / 8 - 1);
            header[type == 44 ? 4 : 2] = (byte) random.nextInt(256);
            made = ByteBuffer.allocate(made.length + header.length).put(made, 0, whole.l3() + 40).put(header)
                    .put(made, whole.l3() + 40, made.length - whole.l3() - 40).array();
            next = type;
        }
        made[whole.l3() + 6] = (byte) next;
        int length = whole.length() - 40 + made.length - frame.length;
        ByteBuffer.wrap(made).putShort(whole.l3() + 4, (short) length);
        return made;
    }
}
