package io.loom.itests.bpf;

/**
 * The headers between an IPv6 header and what it carries, after RFC 8200 section 4: the fuzzer's judge follows them by this, and
 * not by the program. What Loom leaves to the kernel on the way is no business of Loom's.
 *
 * @param protocol of what follows
 * @param l4       where that begins
 * @param offset   of a fragment, in bytes
 * @param more     whether it is not the last
 * @param id       where the identification of a fragment is
 */
record Chain(Anatomy.Shape shape, int protocol, int l4, int offset, boolean more, int id) {
    private static final int HEADERS = 8;
    private static final int BYTES = 128;

    boolean isFragment() {
        return offset > 0 || more;
    }

    static Chain follow(byte[] frame, int l3, int end) {
        int protocol = frame[l3 + 6] & 0xff;
        int l4 = l3 + 40;
        int offset = 0;
        boolean more = false;
        int id = 0;
        for (int i = 0; i < HEADERS && isFollowed(protocol) && offset == 0; i++) {
            if (frame.length < l4 + 8) {
                return new Chain(Anatomy.Shape.MALFORMED, protocol, l4, offset, more, id);
            }
            int next = l4 + (protocol == 44 ? 8 : (frame[l4 + 1] & 0xff) * 8 + 8);
            boolean goesOn = protocol == 43 && frame[l4 + 3] != 0;
            if (goesOn || protocol == 0 && i > 0 || next > l3 + 40 + BYTES) {
                return new Chain(Anatomy.Shape.FOREIGN, protocol, l4, offset, more, id);
            }
            if (next > end) {
                return new Chain(Anatomy.Shape.MALFORMED, protocol, l4, offset, more, id);
            }
            int field = protocol == 44 ? Anatomy.word(frame, l4 + 2) & 0xfff9 : 0;
            if (field != 0 && more) {
                return new Chain(Anatomy.Shape.FOREIGN, protocol, l4, offset, true, id);
            }
            more |= (field & 1) != 0;
            offset = field & 0xfff8;
            id = field != 0 ? l4 + 4 : id;
            protocol = frame[l4] & 0xff;
            l4 = next;
        }
        boolean open = offset == 0 && (isFollowed(protocol) || isOther(protocol));
        return new Chain(open ? Anatomy.Shape.FOREIGN : Anatomy.Shape.TRANSPORT, protocol, l4, offset, more, id);
    }

    /** Where the type of what begins at l4 stands: in the IPv6 header, or in the extension header before. */
    static int lastNext(byte[] frame, int l3, int l4) {
        int at = l3 + 6;
        int header = l3 + 40;
        while (header < l4) {
            int bytes = frame[at] == 44 ? 8 : (frame[header + 1] & 0xff) * 8 + 8;
            at = header;
            header += bytes;
        }
        return at;
    }

    private static boolean isFollowed(int protocol) {
        return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60;
    }

    /** Authentication, mobility, HIP, shim6. */
    private static boolean isOther(int protocol) {
        return protocol == 51 || protocol == 135 || protocol == 139 || protocol == 140;
    }
}
