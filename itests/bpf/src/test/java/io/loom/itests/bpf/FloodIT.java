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
import io.loom.datapath.Tuning.Connections.Kind;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Established connections survive floods: 50,000 of them, then 5,000,000 SYNs from random addresses, then 3,000,000 spoofed
 * pairs of SYN and ACK, with a table of the default size. Before they are looked for the vip's table names another backend, so
 * that a connection that was forgotten shows.
 */
class FloodIT {
    private static final int ESTABLISHED = 50_000;
    private static final int SYNS = 5_000_000;
    private static final int PAIRS = 3_000_000;
    /** What ebpf.maps.connections.max_entries is when nothing is configured. */
    private static final int TABLE = 262_144;
    private static final int SYN = 0x02;
    private static final int ACK = 0x10;
    /** A new connection of nat takes a microsecond where ports are rare. */
    private static final int NAT_SHARE = Scale.FULL ? 1 : 10;
    private static final long NEEDED = ESTABLISHED * 999L / 1000;

    /** One vip in a table of the given kind, with backends 1 to 4 of a method and a fifth one. */
    private static ScratchPlane plane(Family family, String method, Set<Flag> flags, Kind kind) {
        Tuning.Connections connections = new Tuning.Connections(TABLE, kind);
        ScratchPlane plane = ScratchPlane.open(
                Linked.shipped(Tuning.small(Linked.HZ).withConnections(connections)),
                Map.of("nat_port_first", 1024L, "nat_port_count", 64_000L));
        for (int number = 1; number <= 5; number++) {
            plane.addBackend(new ScratchPlane.Backend(new Endpoint(World.backend(family, number), World.VIP_PORT), method));
        }
        plane.putTable(0, IntStream.rangeClosed(1, 4).map(TableEntry::settled).toArray());
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, flags, 0, 4, 0));
        return plane;
    }

    /** Packets that went to one of the first four backends. */
    private static long kept(Family family, Flood.Result result) {
        long kept = 0;
        for (int number = 1; number <= 4; number++) {
            kept += result.to(World.backend(family, number));
        }
        return kept;
    }

    /** SYN, ACK, and an ACK two ticks later. Under nat backends have answered in between. */
    private static void establish(ScratchPlane plane, Family family, Flood flood) throws Exception {
        assertEquals(ESTABLISHED, kept(family, flood.run(Flood.Plan.once(1, ESTABLISHED, SYN))));
        new NatPairs(plane, family).await(1);
        assertEquals(ESTABLISHED, kept(family, flood.run(Flood.Plan.once(1, ESTABLISHED, ACK))));
        Connections.age(plane, family, 2);
        assertEquals(ESTABLISHED, kept(family, flood.run(Flood.Plan.once(1, ESTABLISHED, ACK))));
    }

    /** What nobody knows goes to the fifth backend from now on; but under minimal tracking what does not begin may be known to none. */
    private static void change(ScratchPlane plane, Flag flag) {
        plane.putTable(0, IntStream.rangeClosed(1, 4)
                .map(i -> flag == Flag.MINIMAL ? TableEntry.changing(5, i) : TableEntry.settled(5)).toArray());
    }

    /** Of the established connections, those whose packet reaches the backend that the connection has always had. */
    private static long survivors(Family family, Flood flood) throws Exception {
        Flood.Result result = flood.run(Flood.Plan.once(1, ESTABLISHED, ACK));
        assertTrue(result.disagreed() >= ESTABLISHED - kept(family, result), "whoever is elsewhere disagrees with before");
        return ESTABLISHED - result.disagreed();
    }

    @ParameterizedTest
    @CsvSource({
        "IPV4, ipip, DEFER", "IPV6, ipip, DEFER", "IPV4, ipip, MINIMAL", "IPV4, ipip, ASSIGNED", "IPV6, ipip, ASSIGNED",
        "IPV4, nat, ASSIGNED", "IPV6, nat, ASSIGNED"})
    void neitherSynsNorSpoofedHandshakesEvictEstablishedConnections(Family family, String method, Flag flag) throws Exception {
        try (ScratchPlane plane = plane(family, method, Set.of(flag), Kind.CACHE);
                Flood flood = new Flood(plane.program(), family, ESTABLISHED)) {
            establish(plane, family, flood);
            change(plane, flag);
            assertEquals(ESTABLISHED, survivors(family, flood), "before any flood");
            int share = method.equals("nat") ? NAT_SHARE : 1;
            flood.run(Flood.Plan.once(2, SYNS / share, SYN));
            long afterSyns = survivors(family, flood);
            flood.run(Flood.Plan.once(3L << 32, PAIRS / share, SYN, ACK));
            long afterPairs = survivors(family, flood);
            System.out.println("  [FloodIT] " + method + " " + family + " " + flag + ": of " + ESTABLISHED + " established, "
                    + afterSyns + " after SYNs, " + afterPairs + " after spoofed handshakes");
            assertTrue(afterSyns >= NEEDED, "after SYNs: " + afterSyns);
            assertTrue(afterPairs >= NEEDED, "after spoofed handshakes: " + afterPairs);
        }
    }

    /** The check can fail: the kernel's LRU hash knows no assured connections. */
    @ParameterizedTest
    @EnumSource
    void theLruHashOfTheKernelLosesThem(Family family) throws Exception {
        try (ScratchPlane plane = plane(family, "ipip", Set.of(), Kind.LRU_HASH);
                Flood flood = new Flood(plane.program(), family, ESTABLISHED)) {
            establish(plane, family, flood);
            change(plane, Flag.ASSIGNED);
            flood.run(Flood.Plan.once(2, 2 * TABLE, SYN));
            assertTrue(survivors(family, flood) < NEEDED);
        }
    }
}
