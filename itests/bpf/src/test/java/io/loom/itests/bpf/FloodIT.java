package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Established connections outlive floods: of SYNs, and of handshakes from addresses that are not the sender's. Whether a
 * connection is still known shows when the lookup table names another backend: who is forgotten goes there.
 */
class FloodIT {
    private static final int CONNECTIONS = 262_144;
    private static final int ESTABLISHED = 50_000;
    private static final int SYNS = 5_000_000;
    private static final int HANDSHAKES = 3_000_000;
    /** Handshakes of one burst: their second packets come within the tick of their first. */
    private static final int BURST = 100_000;
    private static final long OURS = 1;
    private static final int LOST_AT_MOST = ESTABLISHED / 1000;
    private static final Frames FRAMES = new Frames();

    private static ScratchPlane open(Tuning.Connections.Kind kind) {
        Tuning tuning = Tuning.small(Linked.HZ).withTimeout(3600).withConnections(new Tuning.Connections(CONNECTIONS, kind));
        return ScratchPlane.open(Linked.shipped(tuning), Map.of());
    }

    /** @param flags with DEFER as under a direct method, without as where every connection is tracked from its SYN */
    @ParameterizedTest
    @CsvSource({"IPV4, DEFER", "IPV6, DEFER", "IPV4, MINIMAL", "IPV4,", "IPV6,"})
    void establishedConnectionsKeepTheirBackend(Family family, ListenerEntry.Flag flag) {
        Set<ListenerEntry.Flag> flags = flag == null ? Set.of() : Set.of(flag);
        try (ScratchPlane plane = open(Tuning.Connections.Kind.CACHE)) {
            boolean minimal = flags.contains(ListenerEntry.Flag.MINIMAL);
            Flood flood = vip(plane, family, flags);
            establish(plane, flood, family, minimal ? 0 : ESTABLISHED);
            // From now on new connections have another backend; under minimal tracking others the one before.
            plane.putTable(0, minimal ? TableEntry.changing(2, 1) : TableEntry.settled(2));
            assertKept(plane, flood, family, "before any flood");
            flood.send(frame(family, "S"), 77, SYNS);
            assertKept(plane, flood, family, SYNS + " SYNs");
            handshakes(flood, family);
            assertKept(plane, flood, family, HANDSHAKES + " handshakes");
        }
    }

    /** The kernel's LRU hash does not know who is established: so the test can fail. */
    @Test
    void theKernelsHashForgetsThem() {
        try (ScratchPlane plane = open(Tuning.Connections.Kind.LRU_HASH)) {
            Flood flood = vip(plane, Family.IPV4, Set.of());
            establish(plane, flood, Family.IPV4, ESTABLISHED);
            plane.putTable(0, TableEntry.settled(2));
            handshakes(flood, Family.IPV4);
            long kept = kept(plane, flood, Family.IPV4, HANDSHAKES + " handshakes, in the kernel's LRU hash");
            assertTrue(kept < ESTABLISHED / 2, "connections that are left: " + kept);
        }
    }

    private static void handshakes(Flood flood, Family family) {
        for (int burst = 0; burst < HANDSHAKES / BURST; burst++) {
            flood.send(frame(family, "S"), 1000 + burst, BURST);
            flood.send(frame(family, "A"), 1000 + burst, BURST);
        }
    }

    private static Flood vip(ScratchPlane plane, Family family, Set<ListenerEntry.Flag> flags) {
        plane.putTable(0, TableEntry.settled(backend(plane, family, 20)));
        backend(plane, family, 21);
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                new ListenerEntry(0, LookupTable.Index.FLOW_HASH, flags, 0, 1, 0));
        return new Flood(plane.program(), family);
    }

    private static int backend(ScratchPlane plane, Family family, int host) {
        String prefix = family == Family.IPV4 ? "198.51.100." : "2001:db8:1::";
        return plane.addBackend(new ScratchPlane.Backend(
                new Endpoint(IpAddress.parse(prefix + host).orElseThrow(), World.VIP_PORT), "ipip"));
    }

    /** SYN, ACK, and an ACK when a second has passed. */
    private static void establish(ScratchPlane plane, Flood flood, Family family, int tracked) {
        flood.send(frame(family, "S"), OURS, ESTABLISHED);
        flood.send(frame(family, "A"), OURS, ESTABLISHED);
        plane.connections(family).walk((listener, client, rawPort, word) -> {
            ConnectionWord now = ConnectionWord.decode(word);
            return new ConnectionWord(now.backend(), now.assured(), now.state(), now.fins(), now.cookie(), now.seen() - 2).encode();
        });
        flood.send(frame(family, "A"), OURS, ESTABLISHED);
        long[] assured = {0};
        plane.connections(family).walk((listener, client, rawPort, word) -> {
            assured[0] += ConnectionWord.decode(word).assured() ? 1 : 0;
            return word;
        });
        assertTrue(assured[0] >= tracked, "assured connections: " + assured[0]);
    }

    private static void assertKept(ScratchPlane plane, Flood flood, Family family, String after) {
        long kept = kept(plane, flood, family, after);
        assertTrue(kept >= ESTABLISHED - LOST_AT_MOST, kept + " connections are left after " + after);
    }

    private static long kept(ScratchPlane plane, Flood flood, Family family, String after) {
        long before = packets(plane, 1);
        long all = before + packets(plane, 2);
        flood.send(frame(family, "A"), OURS, ESTABLISHED);
        long kept = packets(plane, 1) - before;
        assertEquals(all + ESTABLISHED, packets(plane, 1) + packets(plane, 2), "packets that were forwarded");
        System.out.println("  [FloodIT] " + family + " after " + after + ": " + kept + " of " + ESTABLISHED);
        return kept;
    }

    private static long packets(ScratchPlane plane, int backend) {
        return FlowCount.sum(plane.map("loom_bstats").lookup(Keys.of(backend)).orElseThrow()).packets();
    }

    private static byte[] frame(Family family, String flags) {
        return FRAMES.request(family, flags, 40000);
    }
}
