package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * After how many ticks connections of each state expire. The clock goes on between what a test sets and the packet: what
 * was so at the packet is read of the connection that it moved or began, and each length is tried until it was met.
 */
class TimeoutIT {
    /** Of each state a timeout of its own. */
    private static final List<Integer> TIMEOUTS = List.of(20, 30, 40, 50, 60, 70);
    private static final int DATAGRAM = 5;
    private static final int AFFINITY = 25;
    private static final int CONNECTIONS = 1024; // of few, the kernel's LRU hash may evict one for another CPU
    private static final int ATTEMPTS = 20;
    private static final int VIP = 4711;
    private static final int PORT = Balancer.CLIENT_PORT;
    private static final Frames FRAMES = new Frames();

    /** The packets that bring a connection into each state, by its number. */
    private static final List<List<String>> WAYS = List.of(
            List.of("S"), List.of("S", "A", "A"), List.of("S", "FA"), List.of("S", "R"), List.of("S", "A"), List.of());

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    private void open(Family of, Tuning.Connections.Kind kind, int affinity) {
        open(of, kind, affinity, TIMEOUTS, AFFINITY);
    }

    private void open(Family of, Tuning.Connections.Kind kind, int affinity, List<Integer> timeouts, int lasts) {
        family = of;
        Tuning small = Tuning.small(Linked.HZ);
        plane = PLANES.lend(Linked.shipped(new Tuning(
                small.hz(), timeouts, lasts, small.seed(), small.backends(), new Tuning.Connections(CONNECTIONS, kind), small.verdicts())),
                Map.of());
        TwoBackends.put(plane, family);
        plane.putTable(1, TableEntry.settled(1));
        plane.putTable(2, TableEntry.settled(2));
        choose(1, affinity);
    }

    private void choose(int backend, int affinity) {
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(), backend, 1, affinity));
        plane.putListener(new ListenerKey(Protocol.UDP, new Endpoint(World.vip(family).address(), World.VIP_UDP_PORT)),
                new ListenerEntry(1, LookupTable.Index.FLOW_HASH, Set.of(), backend, 1, affinity));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    private byte[] packet(int state) {
        return state == DATAGRAM ? FRAMES.datagram(family, PORT) : FRAMES.request(family, "A", PORT);
    }

    private ConnectionWord connection() {
        List<ConnectionWord> all = Connections.all(plane, family);
        assertEquals(1, all.size());
        return all.get(0);
    }

    private static Stream<Arguments> states() {
        return Stream.of(Family.values()).flatMap(family ->
                Stream.of(Tuning.Connections.Kind.CACHE, Tuning.Connections.Kind.LRU_HASH).flatMap(kind ->
                        IntStream.range(0, TIMEOUTS.size()).mapToObj(state -> Arguments.of(family, kind, state))));
    }

    @ParameterizedTest
    @MethodSource("states")
    void aConnectionExpiresWhenItHasBeenIdleForLongerThanItsTimeout(Family of, Tuning.Connections.Kind kind, int state) {
        open(of, kind, 0);
        int timeout = TIMEOUTS.get(state);
        Set<Integer> met = new HashSet<>();
        for (int attempt = 0; attempt < ATTEMPTS && !met.containsAll(Set.of(timeout, timeout + 1)); attempt++) {
            int idle = idle(state, timeout + attempt % 2);
            met.add(idle);
            assertEquals(idle <= timeout ? 1 : 2, connection().backend(), "after " + idle + " ticks");
        }
        assertTrue(met.containsAll(Set.of(timeout, timeout + 1)), "the clock went on each time: " + met);
    }

    /** Ticks between the last packet of a connection in that state and one more, while new ones go to backend 2. */
    private int idle(int state, int ticks) {
        Connections.clear(plane, family);
        choose(1, 0);
        WAYS.get(state).forEach(flags -> plane.run(FRAMES.request(family, flags, PORT)));
        if (state == DATAGRAM) {
            plane.run(packet(state));
        }
        assertEquals(state, connection().state());
        choose(2, 0);
        int last = connection().seen() - ticks;
        Connections.age(plane, family, ticks);
        plane.run(packet(state));
        return connection().seen() - last;
    }

    @ParameterizedTest
    @EnumSource
    void aClientIsForgottenWhenItWasAwayForLongerThanItsAffinityLasts(Family of) {
        open(of, Tuning.Connections.Kind.CACHE, VIP);
        Set<Integer> met = new HashSet<>();
        for (int attempt = 0; attempt < ATTEMPTS && !met.containsAll(Set.of(AFFINITY, AFFINITY + 1)); attempt++) {
            Connections.clear(plane, family);
            choose(1, VIP);
            Connections.ageClients(plane, family, 2 * AFFINITY);
            plane.run(FRAMES.request(family, "S", PORT));
            ConnectionWord last = connection();
            assertEquals(1, last.backend());
            Connections.clear(plane, family);
            int ticks = AFFINITY + attempt % 2;
            Connections.ageClients(plane, family, ticks);
            choose(2, VIP);
            plane.run(FRAMES.request(family, "S", PORT + 1));
            int away = connection().seen() - last.seen() + ticks;
            met.add(away);
            assertEquals(away <= AFFINITY ? 1 : 2, connection().backend(), "after " + away + " ticks");
        }
        assertTrue(met.containsAll(Set.of(AFFINITY, AFFINITY + 1)), "the clock went on each time: " + met);
    }

    /** Connections of 300 ticks write down when their packets came once in 18: not where a client is remembered for 3. */
    @ParameterizedTest
    @EnumSource
    void aShortAffinityBesideLongConnectionsIsKeptByThemAndEndsByItsOwnTime(Family of) {
        open(of, Tuning.Connections.Kind.CACHE, VIP, Collections.nCopies(TIMEOUTS.size(), 300), 3);
        for (String flags : List.of("S", "A", "A")) {
            plane.run(FRAMES.request(family, flags, PORT));
            Connections.age(plane, family, 3);
            Connections.ageClients(plane, family, 3);
        }
        assertTrue(connection().assured());
        int before = Connections.clientSeen(plane, family);
        plane.run(FRAMES.request(family, "A", PORT));
        assertTrue(Connections.clientSeen(plane, family) - before >= 3, "the connection's packet keeps the client");
        Connections.clear(plane, family);
        Connections.ageClients(plane, family, 4);
        choose(2, VIP);
        plane.run(FRAMES.request(family, "S", PORT + 1));
        assertEquals(2, connection().backend(), "4 ticks after the last packet");
    }
}
