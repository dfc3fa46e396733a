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
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.ListenerTable;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerKeys;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** As many listeners as there can be: the program finds each where the control plane has put it, and none that is gone. */
class ListenersIT {
    private static final int COUNT = 16_384;
    private static final int XDP_PASS = 2;
    private static final int XDP_TX = 3;
    private static final Frames FRAMES = new Frames();
    /** Not in a row: multiplication spreads those too well for any bucket to be full. */
    private static final int[] PORTS = new Random(7).ints(1, 65536).distinct().limit(COUNT).toArray();

    private final ScratchPlane plane = ScratchPlane.open(Linked.shipped(), Map.of());

    @AfterEach
    void close() {
        plane.close();
    }

    @ParameterizedTest
    @EnumSource
    void eachIsFoundAlsoInItsSecondBucketUntilItIsRemoved(Family family) {
        plane.putBackend(1, new ScratchPlane.Backend(new Endpoint(World.backend(family, 1), World.VIP_PORT), "ipip"));
        plane.putTable(0, TableEntry.settled(1));
        try (ListenerTable table = new ListenerTable(family, plane.map("loom_listeners" + family.version()))) {
            for (int i = 0; i < COUNT; i++) {
                table.put(listener(family, i), new ListenerEntry(i, LookupTable.Index.FLOW_HASH, Set.of(), 0, 1, 0));
            }
            assertTrue(spilled(family) > 0, "some found their first bucket full");
            assertFound(family, 1);
            for (int i = 1; i < COUNT; i += 2) {
                table.remove(listener(family, i));
            }
            assertFound(family, 2);
            for (int i = 0; i < COUNT; i += 2) {
                table.remove(listener(family, i));
            }
            assertEquals(0, spilled(family));
        }
    }

    private static ListenerKey listener(Family family, int i) {
        return new ListenerKey(Protocol.TCP, new Endpoint(World.vip(family).address(), PORTS[i]));
    }

    /** A packet for each: those whose number divides reach it, the others nobody. */
    private void assertFound(Family family, int divisor) {
        Anatomy packet = Anatomy.read(FRAMES.request(family, "S", 40000)).anatomy().orElseThrow();
        for (int i = 0; i < COUNT; i++) {
            boolean wanted = i % divisor == 0;
            long before = packets(i);
            packet.put(packet.l4() + 2, PORTS[i]);
            assertEquals(wanted ? XDP_TX : XDP_PASS, plane.program().testRun(packet.frame(), 1).result(), "listener " + i);
            assertEquals(wanted ? 1 : 0, packets(i) - before, "packets of listener " + i);
        }
    }

    private long packets(int listener) {
        return FlowCount.sum(plane.map("loom_lstats").lookup(Keys.of(listener)).orElseThrow()).packets();
    }

    private long spilled(Family family) {
        BpfMap buckets = plane.map("loom_listeners" + family.version());
        long[] sum = {0};
        buckets.forEach((key, value) ->
                sum[0] += ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(ListenerKeys.spilledAt(family)));
        return sum[0];
    }
}
