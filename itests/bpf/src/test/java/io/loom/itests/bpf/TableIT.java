package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.FlowHash;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.Kernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which entry of a lookup table a flow has: the one that its hash names, or the one whose turn it is. */
class TableIT {
    private static final int BACKENDS = 50;
    private static final int ENTRIES = 1009; // more than a row, and no multiple of one
    private static final int FLOWS = 100;
    private static final int TURNS = 25;
    private static final int FEW = 20; // entries
    private static final int VIP = 4711;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane plane;
    private Family family;

    private static int backendAt(int position) {
        return 1 + position * 7 % BACKENDS;
    }

    private void open(Family of, LookupTable.Index index, int entries, Flag... flags) {
        family = of;
        plane = PLANES.lend(Linked.shipped(), Map.of());
        for (int number = 1; number <= BACKENDS; number++) {
            Endpoint endpoint = new Endpoint(World.backend(family, number), World.VIP_PORT);
            plane.putBackend(number, new ScratchPlane.Backend(endpoint, "l2"));
        }
        plane.putTable(3, IntStream.range(0, entries).map(position -> TableEntry.settled(backendAt(position))).toArray());
        plane.putListener(vip(), new ListenerEntry(2, index, Set.of(flags), 3, entries, 0));
    }

    private ListenerKey vip() {
        return new ListenerKey(Protocol.TCP, World.vip(family));
    }

    @AfterEach
    void close() {
        PLANES.giveBack(plane);
    }

    private byte[] syn(int client) {
        return Twins.withPorts(FRAMES.request(family, "S", Balancer.CLIENT_PORT), 1000 + client * 97, World.VIP_PORT);
    }

    private long packets(int backend) {
        return FlowCount.sum(plane.map("loom_bstats").lookup(Keys.of(backend)).orElseThrow()).packets();
    }

    /** The hash is the control plane's twin of the program's: two balancers with equal tables choose alike. */
    @ParameterizedTest
    @EnumSource
    void theFlowsHashNamesTheEntry(Family of) {
        open(of, LookupTable.Index.FLOW_HASH, ENTRIES);
        Set<Integer> positions = new HashSet<>();
        for (int client = 0; client < FLOWS; client++) {
            byte[] syn = syn(client);
            int position = position(syn);
            positions.add(position);
            long before = packets(backendAt(position));
            assertEquals("FORWARD", plane.run(syn).verdict());
            assertEquals(before + 1, packets(backendAt(position)), "of position " + position);
        }
        assertTrue(positions.size() > FLOWS * 3 / 4, "flows are spread over the table");
    }

    private int position(byte[] syn) {
        Anatomy.Peer client = Twins.read(syn).source();
        int[] words = new int[family.addressBytes() / Integer.BYTES];
        client.address().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
        int port = Short.toUnsignedInt(Short.reverseBytes((short) client.port()));
        return FlowHash.position(new FlowHash(vip()).of(words, port), ENTRIES);
    }

    /** Each CPU has turns of its own, so the shares are exact but for one unfinished round on each. */
    @ParameterizedTest
    @EnumSource
    void byCounterEachEntryHasItsTurn(Family of) {
        open(of, LookupTable.Index.COUNTER, FEW, Flag.STATELESS);
        for (int packet = 0; packet < FEW * TURNS; packet++) {
            plane.run(syn(packet % FLOWS));
        }
        for (int position = 0; position < FEW; position++) {
            assertEquals(TURNS, packets(backendAt(position)), Kernel.possibleCpus(), "of position " + position);
        }
        assertEquals(FEW * TURNS, turns());
    }

    @ParameterizedTest
    @EnumSource
    void aTableThatIsNotThereNamesNoBackend(Family of) {
        open(of, LookupTable.Index.FLOW_HASH, FEW);
        plane.putListener(vip(), new ListenerEntry(2, LookupTable.Index.FLOW_HASH, Set.of(), 4, FEW, 0));
        assertEquals("DROP_NO_BACKEND", plane.run(syn(0)).verdict());
    }

    /** Two connections of each client: the second one comes to the first one's backend, and leaves the turn to the next client. */
    @ParameterizedTest
    @EnumSource
    void aTurnIsLeftToThoseWhoNeedOne(Family of) {
        open(of, LookupTable.Index.COUNTER, FEW);
        plane.putListener(vip(), new ListenerEntry(2, LookupTable.Index.COUNTER, Set.of(), 3, FEW, VIP));
        for (int connection = 0; connection < 4; connection++) {
            assertEquals("FORWARD", plane.run(syn(connection)).verdict());
        }
        assertEquals(1, turns());
        byte[] martian = syn(9);
        martian[0] |= 1; // to a group of stations
        assertEquals("DROP_LINK_BROADCAST", plane.run(martian).verdict());
        assertEquals(1, turns());
    }

    /** Of the listener's number, on all CPUs. */
    private long turns() {
        ByteBuffer counts = ByteBuffer.wrap(plane.map("loom_turns").lookup(Keys.of(2)).orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
        return IntStream.range(0, counts.capacity() / Long.BYTES).mapToLong(cpu -> counts.getInt(cpu * Long.BYTES)).sum();
    }
}
