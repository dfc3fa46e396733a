package io.loom.itests.bpf;

import io.loom.datapath.World;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * A packet taken apart after the RFCs (768, 791, 792, 4443, 8200, 9293; 802.1Q): the fuzzer's judge reads frames through it and
 * shares no code with what it judges. Offsets are from the beginning of the frame, bytes.
 *
 * @param protocol number of the transport protocol, or of ICMP
 * @param l3       of the IP header
 * @param l4       of the transport header
 * @param end      of the IP packet; what follows is padding of the frame
 * @param piece    which part of a packet it is, if it is a fragment
 */
record Anatomy(byte[] frame, int version, int protocol, int l3, int l4, int end, Piece piece) {
    static final int ICMP4 = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMP6 = 58;
    private static final int ICMP_HEADER = 8;

    /** A part of a packet; WHOLE is all of one. */
    enum Piece { WHOLE, FIRST, LATER }

    Anatomy(byte[] frame, int version, int protocol, int l3, int l4, int end) {
        this(frame, version, protocol, l3, l4, end, Piece.WHOLE);
    }

    /** What a frame is to a balancer of TCP and UDP. */
    enum Shape {
        /** Not IP, another protocol, or with extension headers that nobody looks behind: nobody's business. */
        FOREIGN,
        /** Shorter than its headers say, or with headers that contradict each other. */
        MALFORMED,
        /** TCP or UDP. */
        TRANSPORT,
        /** A fragment that the frame holds; if it is the first, with a whole header of TCP or UDP. */
        FRAGMENT,
        /** A fragment that is good for nothing: tiny, of an impossible length, or of another protocol. */
        SCRAP,
        /** An ICMP error, as far as its type and length say; what it quotes may be anything. */
        ERROR
    }

    /** Whether a checksum is right. */
    enum Sum { RIGHT, WRONG, NONE }

    record Reading(Shape shape, Optional<Anatomy> anatomy) {}

    /** Address and port as they stand in the packet. */
    record Peer(ByteBuffer address, int port, int protocol) {}

    static Reading read(byte[] frame) {
        int l3 = 14;
        int type = word(frame, 12);
        for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
            if (frame.length < l3 + 4) {
                return new Reading(Shape.MALFORMED, Optional.empty());
            }
            type = word(frame, l3 + 2);
            l3 += 4;
        }
        return switch (type) {
            case 0x0800 -> ipv4(frame, l3);
            case 0x86dd -> ipv6(frame, l3);
            default -> new Reading(Shape.FOREIGN, Optional.empty());
        };
    }

    private static Reading ipv4(byte[] frame, int l3) {
        if (frame.length < l3 + 20) {
            return new Reading(Shape.MALFORMED, Optional.empty());
        }
        int header = (frame[l3] & 15) * 4;
        if ((frame[l3] & 0xf0) != 0x40) {
            return new Reading(Shape.FOREIGN, Optional.empty());
        }
        if (header < 20) {
            return new Reading(Shape.MALFORMED, Optional.empty());
        }
        int field = word(frame, l3 + 6) & 0x3fff;
        int end = l3 + word(frame, l3 + 2);
        int protocol = frame[l3 + 9] & 0xff;
        if (field != 0) {
            return fragment(frame, new Chain(Shape.TRANSPORT, protocol, l3 + header, (field & 0x1fff) * 8, field > 0x1fff, l3 + 4), l3, end);
        }
        return transport(new Anatomy(frame, 4, protocol, l3, l3 + header, end));
    }

    private static Reading ipv6(byte[] frame, int l3) {
        if (frame.length < l3 + 40) {
            return new Reading(Shape.MALFORMED, Optional.empty());
        }
        if ((frame[l3] & 0xf0) != 0x60) {
            return new Reading(Shape.FOREIGN, Optional.empty());
        }
        int end = l3 + 40 + word(frame, l3 + 4);
        Chain chain = Chain.follow(frame, l3, end);
        if (chain.isFragment()) {
            return fragment(frame, chain, l3, end);
        }
        return chain.shape() == Shape.TRANSPORT
                ? transport(new Anatomy(frame, 6, chain.protocol(), l3, chain.l4(), end))
                : new Reading(chain.shape(), Optional.empty());
    }

    private static Reading fragment(byte[] frame, Chain chain, int l3, int end) {
        if (end > frame.length) {
            return new Reading(Shape.MALFORMED, Optional.empty());
        }
        Piece piece = chain.offset() == 0 ? Piece.FIRST : Piece.LATER;
        int version = (frame[l3] & 0xf0) >> 4;
        Anatomy fragment = new Anatomy(frame, version, chain.protocol(), l3, chain.l4(), end, piece);
        int bytes = end - chain.l4();
        boolean impossible = bytes <= 0 || chain.offset() + bytes > 65535 || chain.more() && bytes % 8 != 0;
        if (impossible || piece == Piece.FIRST && (chain.shape() != Shape.TRANSPORT || !fragment.hasTransportHeader())) {
            return new Reading(Shape.SCRAP, Optional.empty());
        }
        return new Reading(Shape.FRAGMENT, Optional.of(fragment));
    }

    private boolean hasTransportHeader() {
        int bytes = end - l4;
        int header = protocol == TCP && bytes >= 20 ? (frame[l4 + 12] >> 4 & 15) * 4 : 20;
        return protocol == TCP ? header >= 20 && bytes >= header : protocol == UDP && bytes >= 8 && word(frame, l4 + 4) >= 8;
    }

    /** What makes fragments those of one packet. */
    ByteBuffer packetKey() {
        return version == 4
                ? ByteBuffer.wrap(Arrays.copyOfRange(frame, l3 + 4, l3 + 20)).put(2, (byte) 0).put(3, (byte) 0).put(4, (byte) 0)
                        .putShort(6, (short) 0)
                : ByteBuffer.allocate(36).put(frame, l3 + 8, 32).put(frame, Chain.follow(frame, l3, end).id(), 4).flip();
    }

    /** Whether the source is none that a client can have (RFC 6890, 4291), or the destination itself. */
    boolean isMartian() {
        ByteBuffer source = address(version == 4 ? 12 : 8);
        int first = source.get(0) & 0xff;
        boolean nobody = version == 4 ? first == 0 || first == 127 || first >= 224 : first == 0xff || source.getLong(0) == 0;
        return nobody || source.equals(address(version == 4 ? 16 : 24));
    }

    /** To a group of stations. */
    boolean isGroup() {
        return (frame[0] & 1) != 0;
    }

    /** To one other station than {@link io.loom.datapath.World}'s; the frame has an Ethernet header. */
    static boolean isOfOtherStation(byte[] frame) {
        return (frame[0] & 1) == 0 && !Arrays.equals(frame, 0, 6, World.loomMac(), 0, 6);
    }

    /** Whether IPv4 options hold a source route whose next hop is another one (RFC 791 section 3.1). */
    boolean isRoutedOn() {
        int at = l3 + 20;
        while (version == 4 && at + 3 <= l4 && frame[at] != 0) {
            int kind = frame[at] & 0xff;
            int length = frame[at + 1] & 0xff;
            if (kind == 131 || kind == 137) {
                return (frame[at + 2] & 0xff) <= length;
            }
            if (kind != 1 && length < 2) {
                return false;
            }
            at += kind == 1 ? 1 : length;
        }
        return false;
    }

    private static Reading transport(Anatomy candidate) {
        return switch (candidate.protocol) {
            case TCP -> tcp(candidate);
            case UDP -> isDatagram(candidate)
                    ? new Reading(Shape.TRANSPORT, Optional.of(candidate))
                    : new Reading(Shape.MALFORMED, Optional.empty());
            default -> candidate.isError()
                    ? new Reading(Shape.ERROR, Optional.of(candidate))
                    : new Reading(Shape.FOREIGN, Optional.empty());
        };
    }

    private boolean isError() {
        if (protocol != (version == 4 ? ICMP4 : ICMP6) || end < l4 + ICMP_HEADER || end > frame.length) {
            return false;
        }
        int type = frame[l4] & 0xff;
        return version == 4 ? type == 3 || type == 11 || type == 12 : type >= 1 && type <= 4;
    }

    private static boolean isDatagram(Anatomy candidate) {
        byte[] frame = candidate.frame;
        int l4 = candidate.l4;
        return frame.length >= l4 + 8 && word(frame, l4 + 4) >= 8 && l4 + word(frame, l4 + 4) <= candidate.end
                && candidate.end <= frame.length;
    }

    private static Reading tcp(Anatomy candidate) {
        byte[] frame = candidate.frame;
        int l4 = candidate.l4;
        if (frame.length < l4 + 20) {
            return new Reading(Shape.MALFORMED, Optional.empty());
        }
        int header = (frame[l4 + 12] >> 4 & 15) * 4;
        boolean contradicts = header < 20 || candidate.end < l4 + header || candidate.end > frame.length;
        return contradicts
                ? new Reading(Shape.MALFORMED, Optional.empty())
                : new Reading(Shape.TRANSPORT, Optional.of(candidate));
    }

    /** The same packet in another frame, so many bytes further on. */
    Anatomy in(byte[] other, int overhead) {
        return new Anatomy(other, version, protocol, l3 + overhead, l4 + overhead, end + overhead, piece);
    }

    ByteBuffer receiver() {
        return address(version == 4 ? 16 : 24);
    }

    Peer source() {
        return new Peer(address(version == 4 ? 12 : 8), word(frame, l4), protocol);
    }

    Peer destination() {
        return new Peer(address(version == 4 ? 16 : 24), word(frame, l4 + 2), protocol);
    }

    private ByteBuffer address(int offset) {
        int from = l3 + offset;
        return ByteBuffer.wrap(Arrays.copyOfRange(frame, from, from + (version == 4 ? 4 : 16)));
    }

    int ttl() {
        return frame[l3 + (version == 4 ? 8 : 7)] & 0xff;
    }

    /** Length of the IP packet. */
    int length() {
        return end - l3;
    }

    /** A SYN that begins a connection, or any datagram. */
    boolean opens() {
        return protocol == UDP || (frame[l4 + 13] & 0x16) == 0x02;
    }

    /** A FIN or a reset. */
    boolean closes() {
        return protocol == TCP && (frame[l4 + 13] & 0x05) != 0;
    }

    /** Ethernet destination and source. */
    ByteBuffer link() {
        return ByteBuffer.wrap(Arrays.copyOf(frame, 12));
    }

    /** Whether the IPv4 header sums up; IPv6 has nothing to be wrong. */
    boolean headerIsRight() {
        return version == 6 || fold(sum(l3, l4)) == 0xffff;
    }

    /** Whether the checksum of the transport header or of ICMP, pseudo-header included, is right. */
    Sum transportSum() {
        boolean none = protocol == UDP && word(frame, checkAt()) == 0;
        return none ? Sum.NONE : fold(transport()) == 0xffff ? Sum.RIGHT : Sum.WRONG;
    }

    /** What all that is there, and belongs to the packet, adds up to: the same before and after a sound translation. */
    int residue() {
        return fold(transport()) % 0xffff;
    }

    /** Where that checksum is. */
    int checkAt() {
        return l4 + (protocol == TCP ? 16 : protocol == UDP ? 6 : 2);
    }

    /** Over what it covers: a datagram may end before its packet. */
    private long transport() {
        int until = protocol == UDP ? Math.min(end, l4 + word(frame, l4 + 4)) : end;
        return pseudo(until) + sum(l4, until);
    }

    private long pseudo(int until) {
        long addresses = version == 4 ? sum(l3 + 12, l3 + 20) : sum(l3 + 8, l3 + 40);
        return protocol == ICMP4 ? 0 : addresses + protocol + (until - l4);
    }

    /** What is in the place of the checksum while it is left to a network card. */
    int pseudoSum() {
        return fold(pseudo(end));
    }

    /** Writes both checksums as they ought to be. */
    void sumUp() {
        sumUpHeader();
        put(checkAt(), 0);
        int check = ~fold(transport()) & 0xffff;
        put(checkAt(), protocol == UDP && check == 0 ? 0xffff : check);
    }

    /** That of the IPv4 header alone. */
    void sumUpHeader() {
        if (version == 4) {
            put(l3 + 10, 0);
            put(l3 + 10, ~fold(sum(l3, l4)));
        }
    }

    void put(int offset, int value) {
        frame[offset] = (byte) (value >> 8);
        frame[offset + 1] = (byte) value;
    }

    private long sum(int from, int to) {
        return sum(frame, from, to);
    }

    /** What a checksum over a stretch of a frame is. */
    static int complement(byte[] frame, int from, int to) {
        return ~fold(sum(frame, from, to)) & 0xffff;
    }

    private static long sum(byte[] frame, int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i += 2) {
            sum += (frame[i] & 0xff) << 8 | (i + 1 < to ? frame[i + 1] & 0xff : 0);
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded > 0xffff) {
            folded = (folded & 0xffff) + (folded >> 16);
        }
        return (int) folded;
    }

    static int word(byte[] frame, int offset) {
        return (frame[offset] & 0xff) << 8 | frame[offset + 1] & 0xff;
    }
}
