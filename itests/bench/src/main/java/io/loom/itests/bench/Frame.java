package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.MacAddress;
import io.loom.api.Protocol;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A TCP segment or UDP datagram in an Ethernet frame of the wrapper's length, with zeros where a flow's address, port and
 * flags go.
 *
 * @param bytes     the frame
 * @param addressAt offset of the source address's last word
 * @param portAt    offset of the port that tells flows apart
 * @param signalsAt offset of the TCP flags; 0 for UDP
 * @param checkAt   offset of the IPv4 header's checksum; 0 for IPv6
 * @param checkSum  of the IPv4 header as it stands, one's complement of little-endian words, folded
 */
record Frame(byte[] bytes, int addressAt, int portAt, int signalsAt, int checkAt, int checkSum) {
    static final int LENGTH = 96;

    /** To which frames go. */
    static final MacAddress STATION = new MacAddress("02:00:00:00:00:01");

    private static final int ETHERNET = 14;
    private static final int IPV4_HEADER = 20;
    private static final int TCP_FLAGS = 13;
    /** Of all segments, which so acknowledge each other's SYN. */
    private static final int SEQUENCE = 1;
    private static final byte[] MACS = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9};

    /** From clients to a vip (or anything else): source ports differ. */
    static Frame toward(Protocol protocol, Endpoint destination, InetAddress client) {
        return of(protocol, new Ends(client, 0, destination.address(), destination.port()));
    }

    /** From backends to Loom, by TCP: destination ports differ. */
    static Frame reply(InetAddress backend, int port, InetAddress loom) {
        return of(Protocol.TCP, new Ends(backend, port, loom, 0));
    }

    private record Ends(InetAddress source, int sourcePort, InetAddress destination, int destinationPort) {
    }

    private static Frame of(Protocol protocol, Ends ends) {
        ByteBuffer frame = ByteBuffer.allocate(LENGTH).order(ByteOrder.BIG_ENDIAN).put(MACS);
        boolean v4 = Family.of(ends.source) == Family.IPV4;
        if (v4) {
            frame.putShort((short) 0x0800).putShort((short) 0x4500).putShort((short) (LENGTH - ETHERNET)).putShort((short) 0);
            frame.putShort((short) 0x4000).put((byte) 64).put((byte) protocol.number()).putShort((short) 0);
        } else {
            frame.putShort((short) 0x86dd).putInt(0x60000000).putShort((short) (LENGTH - ETHERNET - 40));
            frame.put((byte) protocol.number()).put((byte) 64);
        }
        frame.put(ends.source.getAddress()).putInt(frame.position() - Integer.BYTES, 0).put(ends.destination.getAddress());
        int transport = frame.position();
        frame.putShort((short) ends.sourcePort).putShort((short) ends.destinationPort);
        if (protocol == Protocol.TCP) {
            frame.putInt(SEQUENCE).putInt(SEQUENCE + 1).put((byte) 0x50).put((byte) 0).putShort((short) 512).putShort((short) 0x1234);
        } else {
            frame.putShort((short) (LENGTH - transport)).putShort((short) 0x1234);
        }
        int addressAt = transport - ends.destination.getAddress().length - Integer.BYTES;
        int portAt = transport + (ends.sourcePort == 0 ? 0 : Short.BYTES);
        int signalsAt = protocol == Protocol.TCP ? transport + TCP_FLAGS : 0;
        return new Frame(frame.array(), addressAt, portAt, signalsAt, v4 ? ETHERNET + 10 : 0, v4 ? sum(frame.array()) : 0);
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
