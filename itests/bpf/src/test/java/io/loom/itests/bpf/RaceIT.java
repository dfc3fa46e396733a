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
import io.loom.datapath.internal.FlowHash;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.datapath.internal.layout.VerdictCount;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Two CPUs on one flow and in one set of the connection table, a million times; ten million under {@code --full}. */
class RaceIT {
    private static final int PACKETS = Scale.times(1_000_000, 10_000_000);
    private static final int SYN = 0x02;
    private static final int ACK = 0x10;
    private static final int EVENT_EVICTED = 97;
    private static final int BACKENDS = 8;
    /** Of one round: few enough that no set of the table overflows, or a connection would choose anew by rights. */
    private static final int FLOWS = 10_000;
    private static final int TABLE = 1 << 16;
    /** Flows that want the eight places of one set. */
    private static final int RIVALS = 64;

    @BeforeAll
    static void twoAreNeeded() {
        assertTrue(Runtime.getRuntime().availableProcessors() > 1, "races need two CPUs; this machine has one");
    }

    /** @param connections in the table; up to 4: one set */
    private static ScratchPlane plane(Family family, String method, LookupTable.Index index, Set<Flag> flags, int connections) {
        return plane(family, method, index, flags, new Tuning.Connections(connections, Tuning.Connections.Kind.CACHE));
    }

    private static ScratchPlane plane(
            Family family, String method, LookupTable.Index index, Set<Flag> flags, Tuning.Connections connections) {
        ScratchPlane plane = ScratchPlane.open(
                Linked.shipped(Tuning.small(Linked.HZ).withConnections(connections)),
                Map.of("nat_port_first", 1024L, "nat_port_count", 64_000L));
        int[] entries = new int[BACKENDS];
        for (int i = 0; i < BACKENDS; i++) {
            plane.addBackend(new ScratchPlane.Backend(new Endpoint(World.backend(family, i + 1), World.VIP_PORT), method));
            entries[i] = TableEntry.settled(i + 1);
        }
        plane.putTable(0, entries);
        plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)), new ListenerEntry(0, index, flags, 0, BACKENDS, 0));
        return plane;
    }

    private static long evicted(ScratchPlane plane) {
        return VerdictCount.sum(plane.map("loom_verdicts").lookup(Keys.of(EVENT_EVICTED)).orElseThrow()).packets();
    }

    private static void clear(ScratchPlane plane, Family family) {
        Connections.clear(plane, family);
        new NatPairs(plane, family).clear();
    }

    /** Each packet of a flow comes on whatever CPU is free, and each CPU would choose by its own turn. */
    private static Flood.Result shareFlows(ScratchPlane plane, Family family, Flood flood, int packets) throws Exception {
        Flood.Plan plan = Flood.Plan.once(0, FLOWS, SYN, SYN, ACK, ACK);
        Flood.Result all = flood.share(plan);
        for (int round = 1; round < packets / plan.packets(); round++) {
            clear(plane, family);
            flood.forget();
            all = all.plus(flood.share(Flood.Plan.once((long) round << 32, FLOWS, SYN, SYN, ACK, ACK)));
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({"IPV4, ipip, CACHE", "IPV6, ipip, CACHE", "IPV4, nat, CACHE", "IPV6, nat, CACHE",
        "IPV4, ipip, HASH", "IPV6, ipip, HASH"})
    void aFlowOnBothCpusHasOneBackend(Family family, String method, Tuning.Connections.Kind kind) throws Exception {
        Tuning.Connections connections = new Tuning.Connections(TABLE, kind);
        try (ScratchPlane plane = plane(family, method, LookupTable.Index.COUNTER, Set.of(), connections);
                Flood flood = new Flood(plane.program(), family, FLOWS)) {
            Flood.Result result = shareFlows(plane, family, flood, PACKETS / 2);
            System.out.println("  [RaceIT] one flow, " + method + " " + family + " " + kind + ": " + Arrays.stream(result.sent()).sum()
                    + " packets, " + result.crossed() + " of flows that the other CPU began");
            assertTrue(result.crossed() > PACKETS / 1000, "the CPUs hardly met: " + result.crossed());
            assertEquals(0, evicted(plane), "or a connection would choose anew by rights");
            assertEquals(0, result.sent()[10] + result.sent()[0x10], "packets that were sent nowhere");
            assertEquals(0, result.disagreed(), "packets that went elsewhere than the first of their flow");
        }
    }

    /** The check can fail: where nothing is tracked each packet takes its turn. */
    @ParameterizedTest
    @EnumSource
    void aFlowThatIsNotTrackedHasMany(Family family) throws Exception {
        try (ScratchPlane plane = plane(family, "ipip", LookupTable.Index.COUNTER, Set.of(Flag.STATELESS), TABLE);
                Flood flood = new Flood(plane.program(), family, FLOWS)) {
            assertTrue(shareFlows(plane, family, flood, 4 * FLOWS).disagreed() > FLOWS);
        }
    }

    /** Each CPU sends three packets of a flow after the other, of which the first replaces what the other CPU reads. */
    private static Flood.Result rivals(Flood flood, int packets) throws Exception {
        Flood.Plan plan = new Flood.Plan(7, RIVALS, IntStream.of(SYN, SYN, SYN).boxed().toList(), packets / 2);
        return flood.race(plan, plan);
    }

    @ParameterizedTest
    @EnumSource
    void aHitNeverSeesWhatReplacesIt(Family family) throws Exception {
        try (ScratchPlane plane = plane(family, "ipip", LookupTable.Index.FLOW_HASH, Set.of(), 4);
                Flood flood = new Flood(plane.program(), family, RIVALS)) {
            Flood.Result result = rivals(flood, PACKETS);
            System.out.println("  [RaceIT] hit and replacement, " + family + ": " + PACKETS + " packets, " + evicted(plane)
                    + " replacements");
            assertTrue(evicted(plane) > PACKETS / 20, "replacements: " + evicted(plane));
            assertEquals(0, result.disagreed(), "packets that went elsewhere than the first of their flow");
            FlowHash hash = new FlowHash(new ListenerKey(Protocol.TCP, World.vip(family)));
            for (int flow = 0; flow < RIVALS; flow++) {
                assertEquals(expected(family, hash, 7, flow), flood.first(flow) >>> 24, "backend of flow " + flow);
            }
        }
    }

    /** The last byte of the address of the backend that a flow has by its hash. */
    private static int expected(Family family, FlowHash hash, long seed, int flow) {
        int[] client = Flood.client(family, seed, flow);
        int port = client[client.length - 1];
        int position = FlowHash.position(hash.of(Arrays.copyOf(client, client.length - 1), port), BACKENDS);
        byte[] address = World.backend(family, position + 1).getAddress();
        return address[address.length - 1] & 0xff;
    }

    /** The check can fail: what is replaced chooses anew, here by turn and not by its hash. */
    @ParameterizedTest
    @EnumSource
    void whereTheTableGoesByTurnAReplacedFlowChangesItsBackend(Family family) throws Exception {
        try (ScratchPlane plane = plane(family, "ipip", LookupTable.Index.COUNTER, Set.of(), 4);
                Flood flood = new Flood(plane.program(), family, RIVALS)) {
            assertTrue(rivals(flood, 100_000).disagreed() > 1000);
        }
    }
}
