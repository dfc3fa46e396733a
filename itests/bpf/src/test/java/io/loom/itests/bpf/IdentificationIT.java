package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Under nat many have one address: fragments of different ones never become one packet (RFC 6864; RFC 8200 section 4.5). */
class IdentificationIT {
    private static final int ONE = 4242;
    private static final int CLIENTS = 200;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    private void open(Family of, Flag... flags) {
        family = of;
        plane = PLANES.lend(Linked.shipped(), Map.of());
        for (int number = 1; number <= 2; number++) {
            Endpoint backend = new Endpoint(World.backend(family, number), World.VIP_PORT);
            plane.putBackend(number, new ScratchPlane.Backend(backend, "nat", World.MTU, false, World.IFINDEX));
        }
        choose(1);
        Endpoint vip = new Endpoint(World.vip(family).address(), World.VIP_UDP_PORT);
        plane.putListener(new ListenerKey(Protocol.UDP, vip), new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(flags), 0, 1, 0));
    }

    private void choose(int backend) {
        plane.putTable(0, TableEntry.settled(backend));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    /** What a packet's fragments are told from others by, where they arrive. */
    private record Packet(List<Byte> source, List<Byte> destination, int identification) {}

    private static List<Byte> bytes(byte[] frame, int from, int to) {
        List<Byte> bytes = new ArrayList<>();
        for (int at = from; at < to; at++) {
            bytes.add(frame[at]);
        }
        return bytes;
    }

    private Packet packet(byte[] frame) {
        return family == Family.IPV4
                ? new Packet(bytes(frame, 26, 30), bytes(frame, 30, 34), identification(frame))
                : new Packet(bytes(frame, 22, 38), bytes(frame, 38, 54), identification(frame));
    }

    private int identification(byte[] frame) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        return family == Family.IPV4 ? buffer.getShort(18) & 0xffff : buffer.getInt(58);
    }

    /** From the client of that number: addresses and ports all differ. */
    private byte[] fragment(int client, int number) {
        byte[] frame = FRAMES.fragment(family, number, ONE);
        frame[family == Family.IPV4 ? 29 : 37] = (byte) client;
        int ports = family == Family.IPV4 ? 34 : 62;
        if (number == 0) {
            ByteBuffer.wrap(frame).putShort(ports, (short) (30000 + client));
        }
        return summed(frame);
    }

    /** With the right checksum of an IPv4 header. */
    private byte[] summed(byte[] frame) {
        if (family == Family.IPV4) {
            ByteBuffer buffer = ByteBuffer.wrap(frame).putShort(24, (short) 0);
            int sum = 0;
            for (int at = 14; at < 34; at += 2) {
                sum += buffer.getShort(at) & 0xffff;
            }
            buffer.putShort(24, (short) ~((sum & 0xffff) + (sum >> 16)));
        }
        return frame;
    }

    private byte[] sent(byte[] frame, String verdict) {
        ScratchPlane.Outcome outcome = plane.run(frame);
        assertEquals(verdict, outcome.verdict());
        byte[] out = outcome.frame();
        assertArrayEquals(out, summed(out.clone()), "its header's checksum is right");
        return out;
    }

    /** The same addresses and ports the other way. */
    private byte[] back(byte[] frame) {
        byte[] back = frame.clone();
        System.arraycopy(frame, 0, back, 6, 6);
        System.arraycopy(frame, 6, back, 0, 6);
        int address = family == Family.IPV4 ? 26 : 22;
        int bytes = family == Family.IPV4 ? 4 : 16;
        System.arraycopy(frame, address, back, address + bytes, bytes);
        System.arraycopy(frame, address + bytes, back, address, bytes);
        int ports = family == Family.IPV4 ? 34 : 62;
        System.arraycopy(frame, ports, back, ports + 2, 2);
        System.arraycopy(frame, ports + 2, back, ports, 2);
        back[family == Family.IPV4 ? 22 : 21] = 64;
        ByteBuffer buffer = ByteBuffer.wrap(back);
        if (family == Family.IPV4) {
            buffer.putShort(18, (short) ONE);
        } else {
            buffer.putInt(58, ONE);
        }
        return summed(back);
    }

    @ParameterizedTest
    @EnumSource
    void noTwoClientsPacketsOfOneIdentificationAreOneAtTheBackend(Family of) {
        open(of);
        Set<Packet> seen = new HashSet<>();
        for (int client = 0; client < CLIENTS; client++) {
            Packet first = packet(sent(fragment(client, 0), "FORWARD"));
            assertEquals(first, packet(sent(fragment(client, 1), "FORWARD")), "all fragments of a packet have one identification");
            assertEquals(first, packet(sent(fragment(client, 2), "FORWARD")));
            seen.add(first);
        }
        assertEquals(CLIENTS, seen.size());
    }

    /** One client with two connections, which go to different backends: their answers come from one vip. */
    @ParameterizedTest
    @CsvSource({"IPV4, false", "IPV4, true", "IPV6, false", "IPV6, true"})
    void noTwoBackendsPacketsOfOneIdentificationAreOneAtTheClient(Family of, boolean keep) {
        open(of, keep ? new Flag[] {Flag.KEEP_CLIENT} : new Flag[0]);
        Set<Packet> seen = new HashSet<>();
        for (int backend = 1; backend <= 2; backend++) {
            choose(backend);
            byte[] request = fragment(7, 0);
            ByteBuffer.wrap(request).putShort(family == Family.IPV4 ? 34 : 62, (short) (31000 + backend));
            ByteBuffer.wrap(request).putShort(family == Family.IPV4 ? 18 : 60, (short) backend);
            byte[] asked = sent(summed(request), "FORWARD");
            assertEquals(keep, identification(asked) == identification(request), "a client that keeps its address keeps them");
            byte[] answer = sent(back(asked), "REPLY");
            assertEquals(packet(back(request)).source(), packet(answer).source());
            seen.add(packet(answer));
        }
        assertEquals(2, seen.size());
    }

    /** A repeated datagram of one connection moves by as much, so that what was unique for it stays so. */
    @ParameterizedTest
    @EnumSource
    void packetsOfOneConnectionStayAsFarApartAsTheyWere(Family of) {
        open(of);
        byte[] first = fragment(1, 0);
        byte[] next = first.clone();
        int at = family == Family.IPV4 ? 18 : 58;
        ByteBuffer.wrap(next).putShort(at, (short) (ByteBuffer.wrap(next).getShort(at) + 3));
        int mask = family == Family.IPV4 ? 0xffff : -1;
        int step = family == Family.IPV4 ? 3 : 3 << 16;
        int before = identification(sent(first, "FORWARD"));
        int after = identification(sent(summed(next), "FORWARD"));
        assertEquals(step, after - before & mask);
        assertEquals(2, Set.copyOf(Arrays.asList(before, after)).size());
    }
}
