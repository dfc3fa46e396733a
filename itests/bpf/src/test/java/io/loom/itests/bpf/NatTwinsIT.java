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
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Under nat, with so few places for pairs that all are in one another's: what differs in one thing alone is told apart. */
class NatTwinsIT {
    private static final int PORT = 20000;
    private static final int PLACES = 4;
    private static final int VIPS = 2;
    private static final int SYN_RECEIVED = 4;
    private static final int LONGER_THAN_ANY_TIMEOUT = 1000;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    /** A table of pairs has a quarter more places than there are connections, in fours. */
    private void open(Family of, int ports, Flag... flags) {
        Tuning.Connections few = new Tuning.Connections(PLACES - 1, Tuning.Connections.Kind.LRU_HASH);
        open(of, Tuning.small(Linked.HZ).withConnections(few), ports, flags);
        assertEquals(PLACES, plane.map("nat_pairs" + family.version()).maxEntries());
    }

    private void open(Family of, Tuning tuning, int ports, Flag... flags) {
        family = of;
        plane = PLANES.lend(Linked.shipped(tuning), Map.of("nat_port_first", (long) PORT, "nat_port_count", (long) ports));
        backend(1, World.backend(family, Linked.shipped().methods().get(0).description()));
        choose(1, flags);
    }

    private void backend(int number, Endpoint endpoint) {
        plane.putBackend(number, new ScratchPlane.Backend(endpoint, "nat"));
        plane.putTable(number, TableEntry.settled(number));
    }

    private void choose(int backend, Flag... flags) {
        for (int vip = 0; vip < VIPS; vip++) {
            Endpoint endpoint = new Endpoint(World.vip(family).address(), World.VIP_PORT + vip);
            plane.putListener(new ListenerKey(Protocol.TCP, endpoint),
                    new ListenerEntry(vip, LookupTable.Index.FLOW_HASH, Set.of(flags), backend, 1, 0));
        }
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    private String run(byte[] frame) {
        return plane.run(frame).verdict();
    }

    private byte[] syn() {
        return FRAMES.request(family, "S", Balancer.CLIENT_PORT);
    }

    private static void addAll(List<byte[]> twins, byte[] frame) {
        twins.addAll(Twins.bySource(frame));
        twins.addAll(Twins.byDestination(frame));
        twins.add(Twins.byProtocol(frame));
        twins.add(Twins.bySourcePort(frame, 1));
    }

    @ParameterizedTest
    @EnumSource
    void whatDiffersFromAReplyInOneThingIsNone(Family of) {
        open(of, 2 * PLACES);
        byte[] reply = answerTo(plane.run(syn()), "SA");
        assertEquals("REPLY", run(reply));
        List<byte[]> twins = new ArrayList<>();
        addAll(twins, reply);
        twins.add(Twins.byDestinationPort(reply, PLACES)); // in the same place
        twins.forEach(twin -> assertEquals("PASS_NO_LISTENER", run(twin)));
        assertEquals("REPLY", run(reply));
    }

    @ParameterizedTest
    @EnumSource
    void whatDiffersFromAReplyToAClientThatKeptItsAddressInOneThingIsNone(Family of) {
        open(of, 1, Flag.KEEP_CLIENT);
        byte[] reply = answerTo(plane.run(syn()), "SA");
        assertEquals("REPLY", run(reply));
        List<byte[]> twins = new ArrayList<>();
        addAll(twins, reply);
        twins.add(Twins.byDestinationPort(reply, 1));
        twins.forEach(twin -> assertEquals("PASS_NO_LISTENER", run(twin)));
        assertEquals("REPLY", run(reply));
    }

    /** The other vip has no connection: its half of one must not be looked for there. */
    @ParameterizedTest
    @CsvSource({"IPV4, false", "IPV4, true", "IPV6, false", "IPV6, true"})
    void aReplyMovesTheConnectionOfItsVip(Family of, boolean keep) {
        // Of few connections the kernel's LRU hash may evict one for another CPU.
        open(of, Tuning.small(Linked.HZ), 1, keep ? new Flag[] {Flag.KEEP_CLIENT} : new Flag[0]);
        ScratchPlane.Outcome outcome = plane.run(Twins.byDestinationPort(syn(), 1));
        assertEquals("FORWARD", outcome.verdict());
        assertEquals("REPLY", run(answerTo(outcome, "SA")));
        assertEquals(List.of(SYN_RECEIVED), Connections.all(plane, family).stream().map(ConnectionWord::state).toList());
    }

    /** What the backend sends back for a packet that it has got. */
    private byte[] answerTo(ScratchPlane.Outcome outcome, String flags) {
        Anatomy sent = Twins.read(outcome.frame());
        byte[] back = Twins.withPorts(FRAMES.answer(family, flags, PORT), 8080, sent.source().port());
        Anatomy reply = Twins.read(back);
        sent.source().address().get(back, reply.l3() + (reply.version() == 4 ? 16 : 24), family.addressBytes());
        reply.sumUp();
        return back;
    }

    /** Both vips would have replies to one client's address and port come from themselves. */
    @ParameterizedTest
    @EnumSource
    void aClientThatKeepsItsAddressReachesABackendThroughOneVipAtATime(Family of) {
        open(of, 1, Flag.KEEP_CLIENT);
        ScratchPlane.Outcome outcome = plane.run(syn());
        byte[] reply = answerTo(outcome, "SA");
        byte[] throughTheOther = Twins.byDestinationPort(syn(), 1);
        assertEquals("DROP_CLIENT_TAKEN", run(throughTheOther));
        assertEquals(World.VIP_PORT, Twins.read(plane.run(reply).frame()).source().port());
        new NatPairs(plane, family).replace(word -> Connections.aged(word, LONGER_THAN_ANY_TIMEOUT));
        assertEquals("PASS_NO_LISTENER", run(reply));
        assertEquals("FORWARD", run(throughTheOther));
        assertEquals(Twins.read(throughTheOther).destination().port(), Twins.read(plane.run(reply).frame()).source().port());
    }

    @ParameterizedTest
    @EnumSource
    void clientsThatKeepTheirAddressAreRefusedWhenTheirTableIsFull(Family of) {
        open(of, 1, Flag.KEEP_CLIENT);
        for (int client = 0; client < PLACES - 1; client++) {
            assertEquals("FORWARD", run(Twins.withPorts(syn(), Balancer.CLIENT_PORT + client, World.VIP_PORT)));
        }
        assertEquals("DROP_CONNECTIONS_FULL", run(Twins.withPorts(syn(), Balancer.CLIENT_PORT + PLACES, World.VIP_PORT)));
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatDiffersInOneThingDoesNotGetThePort(Family of) {
        open(of, 1);
        byte[] syn = syn();
        assertEquals("FORWARD", run(syn));
        List<byte[]> twins = new ArrayList<>(Twins.bySource(syn));
        twins.add(Twins.bySourcePort(syn, 1));
        twins.add(Twins.byDestinationPort(syn, 1)); // the other vip
        twins.forEach(twin -> assertEquals("DROP_PORTS_EXHAUSTED", run(twin)));
        assertEquals("FORWARD", run(syn));
    }

    /** No word of its address is zero or like another one. */
    @Test
    void aClientIsKnownByEachWordOfItsAddress() throws UnknownHostException {
        open(Family.IPV6, 1);
        byte[] syn = Twins.withSource(syn(), InetAddress.getByName("2001:db8:1122:3344:5566:7788:99aa:bbcc").getAddress());
        assertEquals("FORWARD", run(syn));
        Connections.clear(plane, family);
        Twins.bySource(syn).forEach(twin -> assertEquals("DROP_PORTS_EXHAUSTED", run(twin)));
        assertEquals("FORWARD", run(syn), "its pair is still there");
    }

    /** The client is the same, the backend another: the pair that is there is not the connection's, and stays. */
    @ParameterizedTest
    @EnumSource
    void aBackendThatDiffersInOneThingDoesNotGetThePlace(Family of) throws UnknownHostException {
        open(of, 1);
        byte[] reply = Twins.withPorts(FRAMES.answer(family, "SA", PORT), 8080, PORT);
        assertEquals("FORWARD", run(syn()));
        List<Endpoint> backends = new ArrayList<>();
        for (byte[] twin : Twins.bySource(reply)) {
            byte[] address = new byte[family.addressBytes()];
            Twins.read(twin).source().address().get(address);
            backends.add(new Endpoint(InetAddress.getByAddress(address), 8080));
        }
        backends.add(new Endpoint(World.backend(family, Linked.shipped().methods().get(0).description()).address(), 8081));
        for (Endpoint backend : backends) {
            backend(2, backend);
            choose(2);
            Connections.clear(plane, family);
            assertEquals("DROP_PORTS_EXHAUSTED", run(syn()), "" + backend);
            assertEquals("REPLY", run(reply), "the old pair is there");
        }
    }

    /** The connection table has room: what is lacking are ports. */
    @ParameterizedTest
    @EnumSource
    void aPortWhosePlaceAnotherPortHasIsNotToBeHad(Family of) {
        open(of, 2 * PLACES);
        for (int client = 0; client < PLACES; client++) {
            assertEquals("FORWARD", run(Twins.withPorts(syn(), Balancer.CLIENT_PORT + client, World.VIP_PORT)));
        }
        assertEquals("DROP_PORTS_EXHAUSTED", run(Twins.withPorts(syn(), Balancer.CLIENT_PORT + PLACES, World.VIP_PORT)));
        assertEquals(PLACES, new NatPairs(plane, family).words().size());
        assertEquals(0, Events.count(plane, Events.MAP_FULL));
    }
}
