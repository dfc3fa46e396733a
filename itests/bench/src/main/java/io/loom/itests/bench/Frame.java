package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A TCP segment in an Ethernet frame of the wrapper's length, with zeros where a flow's address and port go.
 *
 * @param bytes     the frame
 * @param addressAt offset of the source address's last word
 * @param portAt    offset of the port that tells flows apart
 * @param checkAt   offset of the IPv4 header's checksum; 0 for IPv6
 * @param checkSum  of the IPv4 header as it stands, one's complement of little-endian words, folded
 */
record Frame(byte[] bytes, int addressAt, int portAt, int checkAt, int checkSum) {
    static final int LENGTH = 96;
    static final int SYN = 0x02;
    static final int ACK = 0x10;

    private static final byte UDP = 17;
    private static final int ETHERNET = 14;
    private static final int IPV4_HEADER = 20;
    private static final int IPV6_HEADER = 40;
    private static final byte[] MACS = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9};

    /** From clients to a vip (or anything else): source ports differ. */
    static Frame toward(Endpoint destination, InetAddress client, int flags) {
        return of(destination.family(), client, 0, destination.address(), destination.port(), flags);
    }

    /** The same of UDP: as long, without a checksum. */
    static Frame datagram(Endpoint destination, InetAddress client) {
        Frame tcp = toward(destination, client, ACK);
        byte[] bytes = tcp.bytes.clone();
        boolean four = destination.family() == Family.IPV4;
        int header = four ? IPV4_HEADER : IPV6_HEADER;
        ByteBuffer frame = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        frame.put(ETHERNET + (four ? 9 : 6), UDP).putShort(ETHERNET + header + 4, (short) (LENGTH - ETHERNET - header));
        frame.putShort(ETHERNET + header + 6, (short) 0);
        return new Frame(bytes, tcp.addressAt, tcp.portAt, tcp.checkAt, four ? sum(bytes) : 0);
    }

    /** From backends to Loom: destination ports differ. */
    static Frame reply(InetAddress backend, int port, InetAddress loom, int flags) {
        return of(Family.of(loom), backend, port, loom, 0, flags);
    }

    private static Frame of(Family family, InetAddress source, int sourcePort, InetAddress destination, int destinationPort,
                            int flags) {
        ByteBuffer frame = ByteBuffer.allocate(LENGTH).order(ByteOrder.BIG_ENDIAN).put(MACS);
        int header = family == Family.IPV4 ? IPV4_HEADER : IPV6_HEADER;
        if (family == Family.IPV4) {
            frame.putShort((short) 0x0800).putShort((short) 0x4500).putShort((short) (LENGTH - ETHERNET));
            frame.putShort((short) 0).putShort((short) 0x4000).put((byte) 64).put((byte) 6).putShort((short) 0);
        } else {
            frame.putShort((short) 0x86dd).putInt(0x60000000).putShort((short) (LENGTH - ETHERNET - header));
            frame.put((byte) 6).put((byte) 64);
        }
        frame.put(source.getAddress()).putInt(frame.position() - Integer.BYTES, 0).put(destination.getAddress());
        int transport = frame.position();
        frame.putShort((short) sourcePort).putShort((short) destinationPort).putInt(1).putInt(flags == SYN ? 0 : 1);
        frame.put((byte) 0x50).put((byte) flags).putShort((short) 512).putShort((short) 0x1234).putShort((short) 0);
        int addressAt = transport - destination.getAddress().length - Integer.BYTES;
        int portAt = transport + (sourcePort == 0 ? 0 : Short.BYTES);
        return family == Family.IPV4
                ? new Frame(frame.array(), addressAt, portAt, ETHERNET + 10, sum(frame.array()))
                : new Frame(frame.array(), addressAt, portAt, 0, 0);
    }

    private static int sum(byte[] frame) {
        ByteBuffer header = ByteBuffer.wrap(frame, ETHERNET, IPV4_HEADER).order(ByteOrder.LITTLE_ENDIAN);
        int sum = 0;
        while (header.hasRemaining()) {
            sum += Short.toUnsignedInt(header.getShort());
        }
        return (sum & 0xffff) + (sum >>> 16);
    }
}
