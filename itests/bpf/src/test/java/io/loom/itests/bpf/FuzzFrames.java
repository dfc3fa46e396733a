package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.datapath.World;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Frames that are like those of a network, and frames that no network should carry: requests to vips, replies, ICMP
 * errors about both, traffic of others, with tags, options, padding, fragments and extension headers; a third of them mutated afterwards. The same seed
 * gives the same frames, as long as the judge knows the same replies.
 */
final class FuzzFrames {
    private static final int CLIENTS = 40;
    private static final int CLIENT_PORTS = 40;
    private static final int[] EXTENSIONS = {0, 43, 44, 50, 51, 60, 135, 139, 140};
    /** One frame of so many is another station's. */
    private static final int STRANGERS = 50;
    private static final int MAC_BYTES = 6;
    private static final int[] ERRORS4 = {3, 11, 12};
    private static final int[] PROTOCOLS = {0, 1, 4, 17, 41, 47, 58, 132, 255};

    private final SplittableRandom random;
    private final List<FuzzWorld.Vip> vips;
    private final FuzzPieces pieces;
    private final Deque<byte[]> waiting = new ArrayDeque<>();

    FuzzFrames(long seed, List<FuzzWorld.Vip> vips) {
        this.random = new SplittableRandom(seed);
        this.vips = vips;
        this.pieces = new FuzzPieces(random);
    }

    /** @param replies endpoints that answers of backends would carry, source and destination: what was forwarded so far */
    byte[] next(List<Anatomy.Peer[]> replies) {
        if (!waiting.isEmpty() && random.nextInt(3) > 0) {
            byte[] piece = waiting.remove();
            return random.nextInt(12) == 0 ? mutated(piece) : piece;
        }
        byte[] frame;
        int kind = random.nextInt(100);
        if (kind < 25 && !replies.isEmpty()) {
            Anatomy.Peer[] pair = replies.get(random.nextInt(replies.size()));
            frame = kind < 3 ? error(pair[1], pair[0]) : packet(pair[0], pair[1]);
        } else if (kind < 30) {
            FuzzWorld.Vip vip = vips.get(random.nextInt(vips.size()));
            frame = error(peer(vip), client(vip));
        } else if (kind < 90) {
            frame = request(vips.get(random.nextInt(vips.size())));
        } else {
            frame = stranger();
        }
        frame = random.nextInt(10) == 0 ? pieces.extended(frame) : frame;
        List<byte[]> parts = random.nextInt(12) == 0 ? pieces.cut(frame) : List.of();
        waiting.addAll(parts);
        return random.nextInt(3) == 0 ? mutated(frame) : parts.isEmpty() ? frame : waiting.remove();
    }

    private byte[] request(FuzzWorld.Vip vip) {
        return packet(client(vip), peer(vip));
    }

    private Anatomy.Peer client(FuzzWorld.Vip vip) {
        return new Anatomy.Peer(
                ByteBuffer.wrap(client(vip.family())), 1024 + random.nextInt(CLIENT_PORTS), vip.protocol().number());
    }

    private static Anatomy.Peer peer(FuzzWorld.Vip vip) {
        return new Anatomy.Peer(
                ByteBuffer.wrap(vip.endpoint().address().getAddress()), vip.endpoint().port(), vip.protocol().number());
    }

    /** An ICMP error about a packet between these two, from its receiver or from a router, which quotes some or all of it. */
    private byte[] error(Anatomy.Peer source, Anatomy.Peer destination) {
        Anatomy about = Anatomy.read(packet(source, destination)).anatomy()
                .filter(read -> read.piece() == Anatomy.Piece.WHOLE).orElse(null);
        if (about == null) {
            return error(source, destination);
        }
        boolean four = about.version() == 4;
        int header = about.l4() - about.l3();
        int quoted = random.nextInt(3) == 0 ? header + 8 : header + 8 + random.nextInt(about.length() - header - 7);
        byte[] reporter = random.nextBoolean() ? destination.address().array() : client(four ? Family.IPV4 : Family.IPV6);
        int l4 = 14 + (four ? 20 : 40);
        Anatomy error = new Anatomy(
                bytes(l4 + 8 + quoted), about.version(), four ? Anatomy.ICMP4 : Anatomy.ICMP6, 14, l4, l4 + 8 + quoted);
        link(error.frame(), 0, about.version());
        if (four) {
            ipv4(error, reporter, source.address().array());
        } else {
            ipv6(error, reporter, source.address().array());
        }
        error.frame()[l4] = (byte) (four ? ERRORS4[random.nextInt(ERRORS4.length)] : 1 + random.nextInt(4));
        System.arraycopy(about.frame(), about.l3(), error.frame(), l4 + 8, quoted);
        error.sumUp();
        return error.frame();
    }

    /** Neither to a vip's port nor a reply, though it may come close: an address of one, another port. */
    private byte[] stranger() {
        Family family = random.nextBoolean() ? Family.IPV4 : Family.IPV6;
        byte[] destination = switch (random.nextInt(3)) {
            case 0 -> World.source(family).getAddress();
            case 1 -> World.vip(family).address().getAddress();
            default -> client(family);
        };
        int protocol = random.nextBoolean() ? Anatomy.TCP : Anatomy.UDP;
        return packet(new Anatomy.Peer(ByteBuffer.wrap(client(family)), random.nextInt(65536), protocol),
                new Anatomy.Peer(ByteBuffer.wrap(destination), random.nextInt(65536), protocol));
    }

    private byte[] client(Family family) {
        byte[] address = family == Family.IPV4 ? new byte[] {(byte) 203, 0, 113, 0} : World.BACKEND6.getAddress();
        if (family == Family.IPV6) {
            address[5] = 2;
        }
        address[address.length - 1] = (byte) (1 + random.nextInt(CLIENTS));
        return address;
    }

    private byte[] packet(Anatomy.Peer source, Anatomy.Peer destination) {
        int version = source.address().capacity() == 4 ? 4 : 6;
        int protocol = source.protocol();
        int tags = random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 0;
        int l3 = 14 + 4 * tags;
        int header = version == 6 ? 40 : 20 + (random.nextInt(5) == 0 ? 4 * random.nextInt(11) : 0);
        int options = protocol == Anatomy.TCP && random.nextInt(3) == 0 ? 4 * random.nextInt(11) : 0;
        int end = l3 + header + (protocol == Anatomy.TCP ? 20 : 8) + options + payload();
        byte[] frame = bytes(end + (random.nextInt(4) == 0 ? random.nextInt(30) : 0));
        link(frame, tags, version);
        Anatomy anatomy = new Anatomy(frame, version, protocol, l3, l3 + header, end);
        if (version == 4) {
            ipv4(anatomy, source.address().array(), destination.address().array());
        } else {
            ipv6(anatomy, source.address().array(), destination.address().array());
        }
        anatomy.put(anatomy.l4(), source.port());
        anatomy.put(anatomy.l4() + 2, destination.port());
        if (protocol == Anatomy.TCP) {
            tcp(anatomy, options);
        } else {
            anatomy.put(anatomy.l4() + 4, end - anatomy.l4());
        }
        anatomy.sumUp();
        if (protocol == Anatomy.UDP && random.nextInt(10) == 0) {
            anatomy.put(anatomy.checkAt(), 0);
        }
        return frame;
    }

    /** Mostly short; sometimes about as much as the MTU takes, with and without an outer header. */
    private int payload() {
        return switch (random.nextInt(16)) {
            case 0 -> 1360 + random.nextInt(160);
            case 1 -> random.nextInt(1400);
            default -> random.nextInt(40);
        };
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Mostly to the interface's own MAC address; the others are any station's. */
    private void link(byte[] frame, int tags, int version) {
        frame[0] = 2;
        if (random.nextInt(STRANGERS) > 0) {
            System.arraycopy(World.loomMac(), 0, frame, 0, MAC_BYTES);
        }
        frame[6] = 2;
        for (int i = 0; i < tags; i++) {
            frame[12 + 4 * i] = (byte) (i + 1 < tags ? 0x88 : 0x81);
            frame[13 + 4 * i] = (byte) (i + 1 < tags ? 0xa8 : 0x00);
        }
        frame[12 + 4 * tags] = (byte) (version == 4 ? 0x08 : 0x86);
        frame[13 + 4 * tags] = (byte) (version == 4 ? 0x00 : 0xdd);
    }

    private int ttl() {
        return random.nextInt(20) == 0 ? random.nextInt(3) : 2 + random.nextInt(254);
    }

    private void ipv4(Anatomy packet, byte[] source, byte[] destination) {
        byte[] frame = packet.frame();
        int l3 = packet.l3();
        frame[l3] = (byte) (0x40 | (packet.l4() - l3) / 4);
        packet.put(l3 + 2, packet.length());
        int flags = random.nextInt(4) << 14;
        packet.put(l3 + 6, random.nextInt(25) == 0 ? random.nextInt(65536) : flags);
        frame[l3 + 8] = (byte) ttl();
        frame[l3 + 9] = (byte) (random.nextInt(30) == 0 ? PROTOCOLS[random.nextInt(PROTOCOLS.length)] : packet.protocol());
        System.arraycopy(source, 0, frame, l3 + 12, 4);
        System.arraycopy(destination, 0, frame, l3 + 16, 4);
    }

    private void ipv6(Anatomy packet, byte[] source, byte[] destination) {
        byte[] frame = packet.frame();
        int l3 = packet.l3();
        frame[l3] = (byte) (0x60 | frame[l3] & 15);
        packet.put(l3 + 4, packet.length() - 40);
        int other = random.nextBoolean() ? EXTENSIONS[random.nextInt(EXTENSIONS.length)] : PROTOCOLS[random.nextInt(PROTOCOLS.length)];
        frame[l3 + 6] = (byte) (random.nextInt(15) == 0 ? other : packet.protocol());
        frame[l3 + 7] = (byte) ttl();
        System.arraycopy(source, 0, frame, l3 + 8, 16);
        System.arraycopy(destination, 0, frame, l3 + 24, 16);
    }

    private void tcp(Anatomy packet, int options) {
        int l4 = packet.l4();
        packet.frame()[l4 + 12] = (byte) ((20 + options) / 4 << 4);
        packet.frame()[l4 + 13] = (byte) (random.nextInt(3) == 0 ? 0x02 : random.nextInt(256));
    }

    /** Bytes flipped, mostly of the headers; cut off or prolonged; lengths that lie, with checksums that hide it. */
    private byte[] mutated(byte[] frame) {
        byte[] mutant = frame.clone();
        int kind = random.nextInt(4);
        if (kind == 0) {
            int length = random.nextBoolean() ? Math.min(frame.length, 90) : frame.length;
            mutant = Arrays.copyOf(mutant, 14 + random.nextInt(length - 13));
        } else if (kind == 1) {
            mutant = Arrays.copyOf(mutant, frame.length + random.nextInt(60));
        }
        for (int flips = kind < 2 ? random.nextInt(2) : 1 + random.nextInt(4); flips > 0; flips--) {
            int place = random.nextInt(Math.min(mutant.length, random.nextInt(4) == 0 ? mutant.length : 80));
            mutant[place] = (byte) (random.nextBoolean() ? mutant[place] ^ 1 << random.nextInt(8) : random.nextInt(256));
        }
        if (random.nextBoolean()) {
            Anatomy.read(mutant).anatomy().ifPresent(read -> {
                if (read.piece() == Anatomy.Piece.WHOLE) {
                    read.sumUp();
                } else {
                    read.sumUpHeader();
                }
            });
        }
        return mutant;
    }
}
