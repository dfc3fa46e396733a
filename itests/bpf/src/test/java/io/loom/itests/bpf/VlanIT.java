package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.VlanTags;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The way to a backend is a VLAN device: frames keep their tags, and others than its own go nowhere (IEEE 802.1Q). */
class VlanIT {
    private static final int ADDRESSES = 12;
    private static final short CUSTOMER = (short) 0x8100;
    private static final short SERVICE = (short) 0x88a8;
    private static final int PRIORITY = 0xb000; // 5, may be dropped
    private static final Frames FRAMES = new Frames();

    private ScratchPlane plane;

    @AfterEach
    void close() {
        plane.close();
    }

    private static Stream<Arguments> methods() {
        return Stream.of("nat", "l2", "ipip", "gue").flatMap(method -> Stream.of(Family.values()).map(family -> Arguments.of(method, family)));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aPacketNeedsTheTagOfTheWay(String method, Family family) {
        plane = toward(method, new VlanTags(10, 0));
        byte[] syn = FRAMES.request(family, "S", Balancer.CLIENT_PORT);
        assertEquals("DROP_OTHER_VLAN", plane.run(syn).verdict(), "none");
        assertEquals("DROP_OTHER_VLAN", plane.run(tagged(CUSTOMER, 20, syn)).verdict(), "another");
        assertEquals("DROP_OTHER_VLAN", plane.run(tagged(CUSTOMER, 0, syn)).verdict(), "priority alone");
        assertEquals("DROP_OTHER_VLAN", plane.run(tagged(SERVICE, 10, tagged(CUSTOMER, 10, syn))).verdict(), "two");
        assertEquals(List.of(), Connections.all(plane, family), "what goes nowhere begins no connection");
        byte[] right = tagged(CUSTOMER, PRIORITY | 10, syn);
        ScratchPlane.Outcome sent = plane.run(right);
        assertEquals("FORWARD", sent.verdict());
        assertArrayEquals(Arrays.copyOfRange(right, ADDRESSES, ADDRESSES + 4), Arrays.copyOfRange(sent.frame(), ADDRESSES, ADDRESSES + 4));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aVlanInAVlanNeedsBoth(String method, Family family) {
        plane = toward(method, new VlanTags(100, 10));
        byte[] syn = FRAMES.request(family, "S", Balancer.CLIENT_PORT);
        assertEquals("DROP_OTHER_VLAN", plane.run(tagged(SERVICE, 100, syn)).verdict(), "the outer alone");
        assertEquals("DROP_OTHER_VLAN", plane.run(tagged(SERVICE, 100, tagged(CUSTOMER, 11, syn))).verdict(), "another inner");
        assertEquals("DROP_OTHER_VLAN", plane.run(tagged(SERVICE, 101, tagged(CUSTOMER, 10, syn))).verdict(), "another outer");
        byte[] right = tagged(SERVICE, 100, tagged(CUSTOMER, 10, syn));
        ScratchPlane.Outcome sent = plane.run(right);
        assertEquals("FORWARD", sent.verdict());
        assertArrayEquals(Arrays.copyOfRange(right, ADDRESSES, ADDRESSES + 8), Arrays.copyOfRange(sent.frame(), ADDRESSES, ADDRESSES + 8));
    }

    /** Both vips, whose backends are reached with these tags. */
    private static ScratchPlane toward(String method, VlanTags tags) {
        ScratchPlane plane = ScratchPlane.open(Linked.shipped(), Linked.ONE_PORT);
        plane.addWorld(method);
        for (int number = 1; number <= 2; number++) {
            BackendEntry entry = BackendEntry.decode(plane.map("loom_backends").lookup(Keys.of(number)).orElseThrow()).orElseThrow();
            Optional<BackendEntry> there = entry.hop().map(hop -> entry.withHop(Optional.of(hop.through(hop.ifindex(), tags))));
            plane.map("loom_backends").update(Keys.of(number), there.orElseThrow().encode(), UpdateMode.ANY);
        }
        return plane;
    }

    private static byte[] tagged(short type, int control, byte[] frame) {
        return ByteBuffer.allocate(frame.length + 4).put(frame, 0, ADDRESSES).putShort(type).putShort((short) control)
                .put(frame, ADDRESSES, frame.length - ADDRESSES).array();
    }
}
