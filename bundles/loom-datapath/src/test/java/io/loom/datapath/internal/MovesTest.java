package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.UpdateMode;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What nat does with the news that the way to its clients may have changed. The client came in on lo: test runs do. */
class MovesTest extends DataPlaneFixture {
    private static final String CLIENT = "10.1.0.99";
    private static final String LEARNED = "020000000099";
    private static final String ROUTED = "0200000000aa";
    /** What the client sent its frames to. */
    private static final String OWN = "020000000001";
    private static final int XDP_TX = 3;
    private static final int XDP_REDIRECT = 4;
    private static final int LONG_AGO = 1000;

    @Test
    void aReplyAsksForTheWayWhenInterfacesHaveChangedAndRemembersIt() throws Exception {
        byte[] reply = replyOfAConnection();
        ip("neigh replace " + CLIENT + " lladdr 02:00:00:00:00:aa dev " + DEVICE + " nud permanent");
        moved(now() - LONG_AGO, now() - LONG_AGO);
        assertReply(reply, XDP_TX, LEARNED, OWN);
        moved(now(), now() - LONG_AGO);
        assertReply(reply, XDP_TX, LEARNED, OWN); // the route leads to another interface, and the client's own is there
        moved(now() - LONG_AGO, now());
        assertReply(reply, XDP_REDIRECT, ROUTED, HexFormat.of().formatHex(NetworkInterface.getByName(DEVICE).getHardwareAddress()));
        moved(now() - LONG_AGO, now() - LONG_AGO);
        assertReply(reply, XDP_REDIRECT, ROUTED, HexFormat.of().formatHex(NetworkInterface.getByName(DEVICE).getHardwareAddress()));
    }

    /** The kernel has never heard of the client: its MAC address stays, and the interface may be another one. */
    @Test
    void withoutANeighbourAReplyHasTheClientsMacAddressAndTheRoutesInterface() throws Exception {
        byte[] reply = replyOfAConnection();
        moved(now(), now() - LONG_AGO);
        assertReply(reply, XDP_TX, LEARNED, OWN);
        moved(now() - LONG_AGO, now());
        assertReply(reply, XDP_REDIRECT, LEARNED, OWN);
    }

    @Test
    void anotherMacAddressOfANeighbourIsToldToTheProgram() throws Exception {
        balance(plane);
        ip("neigh replace " + CLIENT + " lladdr 02:00:00:00:00:aa dev " + DEVICE + " nud permanent");
        moved(0, 0);
        ip("neigh replace " + CLIENT + " lladdr 02:00:00:00:00:bb dev " + DEVICE + " nud permanent");
        await("the news", () -> ticks().getInt(0) != 0);
        assertEquals(0, ticks().getInt(Integer.BYTES));
    }

    @Test
    void anotherInterfaceIsToldToTheProgram() throws Exception {
        await("the first look, which finds the interface", () -> ticks().getInt(Integer.BYTES) != 0);
        moved(0, 0);
        TestHost.removeDevice();
        await("the news", () -> ticks().getInt(Integer.BYTES) != 0);
        TestHost.addDevice();
        await("attachment", () -> plane.program().attachments().get(0).mode().equals("native"));
        assertNotEquals(0, ticks().getInt(Integer.BYTES));
    }

    /** It is not where the client came in, so nobody would ask for the way otherwise. */
    @Test
    void whereDevicesAreStackedANeighboursMoveIsToldAsThatOfAnInterfaceToo() throws Exception {
        plane.close(); // so that it tells nothing of its own
        moved(0, 0);
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/nat_moved"))) {
            AtomicInteger clock = new AtomicInteger(7);
            Moves moves = new Moves(() -> Map.of("nat_moved", map), clock::get, Set.of(2));
            moves.devices(Set.of(2), Set.of());
            assertEquals(0, ticks().getInt(Integer.BYTES));
            moves.neighbour();
            assertEquals(7, ticks().getInt(0));
            assertEquals(0, ticks().getInt(Integer.BYTES));
            clock.set(8);
            moves.devices(Set.of(2), Set.of(5));
            assertEquals(8, ticks().getInt(Integer.BYTES), "a device is carried that was not");
            clock.set(9);
            moves.neighbour();
            assertEquals(9, ticks().getInt(0));
            assertEquals(9, ticks().getInt(Integer.BYTES));
        }
    }

    /** As those of a VLAN device do. */
    @Test
    void framesThatAnotherInterfaceCarriesLeaveThere() throws Exception {
        int carrier = NetworkInterface.getByName(DEVICE).getIndex();
        int carried = NetworkInterface.getByName("peer").getIndex();
        try (BpfMap devices = BpfMap.open(ROOT.resolve("maps/loom_devices"))) {
            Egress egress = new Egress(devices, Optional::empty);
            egress.allow(Map.of(carrier, carrier, carried, carried));
            assertEquals(carried, Keys.number(devices.lookup(Keys.of(carried)).orElseThrow()));
            egress.allow(Map.of(carrier, carrier, carried, carrier));
            assertEquals(carrier, Keys.number(devices.lookup(Keys.of(carried)).orElseThrow()));
        }
    }

    /** A SYN+ACK of the backend that the SYN went to. */
    private byte[] replyOfAConnection() throws Exception {
        balance(plane);
        byte[] syn = runSyn().frame();
        byte[] reply = syn.clone();
        System.arraycopy(syn, 30, reply, 26, 4);
        System.arraycopy(syn, 26, reply, 30, 4);
        System.arraycopy(syn, 36, reply, 34, 2);
        System.arraycopy(syn, 34, reply, 36, 2);
        reply[47] = 0x12;
        return reply;
    }

    /** @param sender of the frame, after the client's address */
    private static void assertReply(byte[] reply, int action, String mac, String sender) {
        try (BpfProgram program = BpfProgram.open(ROOT.resolve("prog"))) {
            BpfProgram.TestRun run = program.testRun(reply, 1);
            assertEquals(action, run.result());
            assertEquals(mac + sender, HexFormat.of().formatHex(Arrays.copyOf(run.frame(), 12)));
        }
    }

    private static ByteBuffer ticks() {
        try (BpfMap moved = BpfMap.open(ROOT.resolve("maps/nat_moved"))) {
            return ByteBuffer.wrap(moved.lookup(Keys.of(0)).orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
