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
import io.loom.datapath.internal.layout.TableEntry;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who gives way in a set of the connection cache that is full: one set of eight places, filled by clients 0 to 7. */
class EvictionIT {
    private static final int PLACES = 8;
    private static final int LONGER_THAN_ANY_TIMEOUT = 1000;
    private static final int ESTABLISHED = 1;
    private static final int AS_LONG_AS_CAN_BE_TOLD = (1 << 23) - 100; // ticks have 23 bits, a few of them for the future
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    private void open(Family of) {
        family = of;
        plane = PLANES.lend(
                Linked.shipped(Tuning.small(Linked.HZ)
                        .withConnections(new Tuning.Connections(PLACES / 2, Tuning.Connections.Kind.CACHE))),
                Map.of());
        plane.putBackend(1, new ScratchPlane.Backend(
                new Endpoint(World.backend(family, 1), World.VIP_PORT), "ipip"));
        plane.putTable(0, TableEntry.settled(1));
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(), 0, 1, 0));
        IntStream.range(0, PLACES).forEach(client -> send(client, "S"));
        assertEquals(Set.of(0, 1, 2, 3, 4, 5, 6, 7), clients());
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    /** Frames come from eight ports; further clients have further ones. */
    private void send(int client, String flags) {
        Anatomy packet = Anatomy.read(FRAMES.request(family, flags, Balancer.CLIENT_PORT)).anatomy().orElseThrow();
        packet.put(packet.l4(), Balancer.CLIENT_PORT + client);
        packet.sumUp();
        assertEquals("FORWARD", plane.run(packet.frame()).verdict());
    }

    private static int client(int rawPort) {
        return Short.toUnsignedInt(Short.reverseBytes((short) rawPort)) - Balancer.CLIENT_PORT;
    }

    private Set<Integer> clients() {
        Set<Integer> clients = new TreeSet<>();
        plane.connections(family).walk((listener, address, rawPort, word) -> {
            clients.add(client(rawPort));
            return word;
        });
        return clients;
    }

    /** Moves connections into the past, by as many ticks as the operator says for the client. */
    private void idle(IntUnaryOperator ticks) {
        plane.connections(family).walk((listener, address, rawPort, word) ->
                Connections.aged(word, ticks.applyAsInt(client(rawPort))));
    }

    /** A packet more, and one in a later tick. */
    private void assure(int client) {
        send(client, "A");
        idle(any -> any == client ? 2 : 0);
        send(client, "A");
    }

    @ParameterizedTest
    @EnumSource
    void theOldestThatIsNotAssuredGivesWay(Family of) {
        open(of);
        idle(client -> client == 3 ? 5 : client == 6 ? 4 : 2);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 4, 5, 6, 7, 8), clients());
        send(9, "S");
        assertEquals(Set.of(0, 1, 2, 4, 5, 7, 8, 9), clients());
        assertEquals(2, Events.count(plane, Events.EVICTED));
        assertEquals(0, Events.count(plane, Events.MAP_FULL));
    }

    @ParameterizedTest
    @EnumSource
    void anExpiredOneGivesWayBeforeOneThatIsNotAssured(Family of) {
        open(of);
        assure(5);
        idle(client -> client == 5 ? LONGER_THAN_ANY_TIMEOUT : 20);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 4, 6, 7, 8), clients());
        assertEquals(0, Events.count(plane, Events.EVICTED), "what has expired is not evicted");
    }

    /** One that has closed expires sooner than one that is open and was quiet for longer. */
    @ParameterizedTest
    @EnumSource
    void anExpiredOneGivesWayBeforeAnOlderOneThatIsNotAssured(Family of) {
        open(of);
        for (int client = 0; client < PLACES; client++) {
            send(client, "A");
            send(client, "A");
        }
        assure(5);
        send(5, "FA");
        idle(client -> client == 5 ? 100 : 200);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 4, 6, 7, 8), clients());
        assertEquals(0, Events.count(plane, Events.EVICTED));
    }

    @ParameterizedTest
    @EnumSource
    void anAssuredOneStaysHoweverOld(Family of) {
        open(of);
        assure(2);
        idle(client -> client == 2 ? 50 : 0);
        send(8, "S");
        assertEquals(true, clients().contains(2));
        assertEquals(1, Events.count(plane, Events.EVICTED));
    }

    /** Whether one is assured is a bit of its own, whatever its state. */
    @ParameterizedTest
    @EnumSource
    void anEstablishedOneThatIsNotAssuredGivesWay(Family of) {
        open(of);
        IntStream.range(0, PLACES).forEach(this::assure);
        plane.connections(family).walk((listener, address, rawPort, word) -> {
            ConnectionWord sure = ConnectionWord.decode(word);
            return client(rawPort) == 4
                    ? new ConnectionWord(sure.backend(), false, ESTABLISHED, 0, sure.cookie(), sure.seen()).encode() : word;
        });
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 5, 6, 7, 8), clients());
    }

    /** The clock of another CPU may be ahead by a tick. */
    @ParameterizedTest
    @EnumSource
    void oneThatAnotherCpuHasSeenSinceGivesWayIfAllOthersAreAssured(Family of) {
        open(of);
        IntStream.range(0, PLACES).filter(client -> client != 6).forEach(this::assure);
        idle(client -> client == 6 ? -1 : 1);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 4, 5, 7, 8), clients());
    }

    @ParameterizedTest
    @EnumSource
    void aSetOfAssuredOnesRefusesAndTheNewConnectionGoesUntracked(Family of) {
        open(of);
        IntStream.range(0, PLACES).forEach(this::assure);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 4, 5, 6, 7), clients());
        assertEquals(1, Events.count(plane, Events.MAP_FULL));
        assertEquals(0, Events.count(plane, Events.EVICTED));
    }

    /** Resets, which anybody can make up, make no room; only the timeout of what was reset does. */
    @ParameterizedTest
    @EnumSource
    void resetsMakeNoRoomAmongAssuredOnes(Family of) {
        open(of);
        IntStream.range(0, PLACES).forEach(this::assure);
        IntStream.range(0, PLACES).forEach(client -> send(client, "R"));
        idle(client -> 100);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 4, 5, 6, 7), clients());
        assertEquals(1, Events.count(plane, Events.MAP_FULL));
        idle(client -> client == 3 ? 50 : 0);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 4, 5, 6, 7, 8), clients());
        assertEquals(0, Events.count(plane, Events.EVICTED));
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyPlaceIsTakenFirst(Family of) {
        open(of);
        plane.connections(family).walk((listener, address, rawPort, word) -> client(rawPort) == 4 ? 0 : word);
        idle(client -> 20);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 5, 6, 7, 8), clients());
        assertEquals(0, Events.count(plane, Events.EVICTED));
    }

    /** How old an empty place looks depends on the clock. */
    @ParameterizedTest
    @EnumSource
    void anEmptyPlaceIsTakenBeforeOneThatExpiredLongAgo(Family of) {
        open(of);
        plane.connections(family).walk((listener, address, rawPort, word) -> client(rawPort) == 4 ? 0 : word);
        idle(client -> AS_LONG_AS_CAN_BE_TOLD);
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 5, 6, 7, 8), clients());
    }

    /** One whose clock was read before another CPU wrote is no older than those of this tick. */
    @ParameterizedTest
    @EnumSource
    void oneFromTheFutureIsAsGoodAsNew(Family of) {
        open(of);
        idle(client -> client == 1 ? -1 : client == 6 ? 3 : 0); // by more than a tick that ends meanwhile
        send(8, "S");
        assertEquals(Set.of(0, 1, 2, 3, 4, 5, 7, 8), clients());
    }
}
