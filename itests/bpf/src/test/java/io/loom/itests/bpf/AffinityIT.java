package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Of which clients the backend is remembered. */
class AffinityIT {
    private static final int NONE = 0;
    private static final int VIP = 4711;
    private static final int CLIENT = Balancer.CLIENT_PORT;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    private void open(Family of, Tuning tuning, String method, int affinity) {
        family = of;
        plane = PLANES.lend(Linked.shipped(tuning), Map.of());
        plane.putBackend(1, new ScratchPlane.Backend(new Endpoint(World.source(family), World.VIP_PORT), method));
        plane.putTable(0, TableEntry.settled(1));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(), 0, 1, affinity));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    private String send(String flags, int port) {
        return plane.run(FRAMES.request(family, flags, port)).verdict();
    }

    private int remembered() {
        AtomicInteger clients = new AtomicInteger();
        plane.map("loom_affinity" + family.version()).forEach((key, value) -> clients.incrementAndGet());
        return clients.get();
    }

    /** It begins a connection, and sends more in a later tick. */
    private void connect() {
        assertEquals("FORWARD", send("S", CLIENT));
        Connections.age(plane, family, 2);
        assertEquals("FORWARD", send("A", CLIENT));
    }

    @ParameterizedTest
    @EnumSource
    void aClientOfAVipThatKeepsItsClientsIsRemembered(Family of) {
        open(of, Tuning.small(Linked.HZ), "ipip", VIP);
        connect();
        assertEquals(1, remembered());
    }

    @ParameterizedTest
    @EnumSource
    void aClientOfAnotherVipIsNot(Family of) {
        open(of, Tuning.small(Linked.HZ), "ipip", NONE);
        connect();
        assertEquals(0, remembered());
    }

    @ParameterizedTest
    @EnumSource
    void norIsOneWhoseConnectionIsRefused(Family of) {
        open(of, Linked.fullAtOnce(), "nat", NONE);
        assertEquals("FORWARD", send("S", CLIENT));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(), 0, 1, VIP));
        assertEquals("DROP_CONNECTIONS_FULL", send("S", CLIENT + 1));
        assertEquals(0, remembered());
    }

    /** A backend without a next hop is in no table, and would only lose the connection. */
    @ParameterizedTest
    @EnumSource
    void aClientIsNotHeldByABackendThatCannotBeReached(Family of) {
        open(of, Tuning.small(Linked.HZ), "ipip", VIP);
        connect();
        Endpoint second = new Endpoint(World.backend(family, 2), World.VIP_PORT);
        plane.putBackend(2, new ScratchPlane.Backend(second, "ipip"));
        plane.putTable(0, TableEntry.settled(2));
        assertEquals("FORWARD", send("S", CLIENT + 1));
        assertEquals(0, connections(2), "affinity");
        plane.putBackend(1, new ScratchPlane.Backend(new Endpoint(World.source(family), World.VIP_PORT), "ipip", World.MTU, false, 0));
        assertEquals("FORWARD", send("S", CLIENT + 2));
        assertEquals(1, connections(2));
    }

    private long connections(int backend) {
        return FlowCount.sum(plane.map("loom_bstats").lookup(Keys.of(backend)).orElseThrow()).connections();
    }
}
