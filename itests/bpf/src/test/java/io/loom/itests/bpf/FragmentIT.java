package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What rows of fragments cannot say: time, and what changes between a first fragment and the others. Two backends, by ipip. */
class FragmentIT {
    private static final int SEEN_AT = 8;
    private static final int ENTRIES = 8192;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped();
    private ScratchPlane plane;
    private Family family;
    private int packets;

    private void open(Family of, LookupTable.Index index, Flag... flags) {
        family = of;
        plane = PLANES.lend(composition, Map.of());
        TwoBackends.put(plane, family);
        choose(1, 2);
        Endpoint vip = new Endpoint(World.vip(family).address(), World.VIP_UDP_PORT);
        plane.putListener(new ListenerKey(Protocol.UDP, vip), new ListenerEntry(0, index, Set.of(flags), 0, 2, 0));
    }

    private void choose(int first, int second) {
        plane.putTable(0, TableEntry.settled(first), TableEntry.settled(second));
    }

    @AfterEach
    void close() {
        BpfMap map = plane.map("loom_fragments");
        entries(map).keySet().forEach(key -> map.delete(key.array()));
        PLANES.giveBack(plane);
    }

    /** The backend that fragment 0, 1 or 2 of a packet of that identification went to; 0: it was not forwarded. */
    private int send(int fragment, int identification) {
        return TwoBackends.reached(plane, frame(fragment, identification));
    }

    private byte[] frame(int fragment, int identification) {
        return FRAMES.fragment(family, fragment, identification);
    }

    private String verdict(int fragment, int identification) {
        return plane.run(frame(fragment, identification)).verdict();
    }

    private static Map<ByteBuffer, byte[]> entries(BpfMap map) {
        Map<ByteBuffer, byte[]> entries = new HashMap<>();
        map.forEach((key, value) -> entries.put(ByteBuffer.wrap(key.clone()), value.clone()));
        return entries;
    }

    /** The verdict of a fragment that comes so many ticks after the first one of its packet, which is another one each time. */
    private String after(int ticks, int fragment) {
        BpfMap map = plane.map("loom_fragments");
        return Clock.inOneTick(now -> {
            assertEquals("FORWARD", verdict(0, ++packets));
            entries(map).forEach((key, value) -> {
                ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putInt(SEEN_AT, now - ticks);
                map.update(key.array(), value, UpdateMode.EXIST);
            });
            return verdict(fragment, packets);
        });
    }

    @ParameterizedTest
    @EnumSource
    void laterFragmentsTakeNoTurnOfTheirOwn(Family of) {
        open(of, LookupTable.Index.COUNTER, Flag.STATELESS);
        int one = send(0, 1);
        int other = send(0, 2);
        int next = 2;
        while (other == one && next < 10) {
            other = send(0, ++next); // each CPU has turns of its own
        }
        assertNotEquals(one, other);
        assertEquals(one, send(1, 1));
        assertEquals(other, send(1, next));
        assertEquals(other, send(2, next));
        assertEquals(one, send(2, 1));
    }

    @ParameterizedTest
    @EnumSource
    void laterFragmentsGoWhereTheirFirstWentThoughTheTableHasChanged(Family of) {
        open(of, LookupTable.Index.FLOW_HASH, Flag.STATELESS);
        choose(1, 1);
        assertEquals(1, send(0, 1));
        choose(2, 2);
        assertEquals(1, send(1, 1));
        assertEquals(2, send(0, 2));
        assertEquals(1, send(2, 1));
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsSentToABackendThatHasGoneDownMeanwhile(Family of) {
        open(of, LookupTable.Index.FLOW_HASH);
        int backend = send(0, 1);
        TwoBackends.put(plane, family, backend, true, false);
        assertEquals("DROP_NO_BACKEND", verdict(1, 1));
        choose(3 - backend, 3 - backend);
        assertEquals(3 - backend, send(0, 2), "the connection chooses anew");
        assertEquals(3 - backend, send(1, 2));
    }

    @ParameterizedTest
    @EnumSource
    void aPacketHasHalfAMinuteToBecomeWhole(Family of) {
        open(of, LookupTable.Index.FLOW_HASH);
        assertEquals("FORWARD", after(30, 1));
        assertEquals("DROP_FRAGMENT_UNKNOWN", after(31, 1));
    }

    @ParameterizedTest
    @EnumSource
    void anIdentificationIsFreeAgainAfterATick(Family of) {
        open(of, LookupTable.Index.FLOW_HASH);
        assertEquals("DROP_FRAGMENT_OVERLAP", after(1, 0));
        assertEquals("FORWARD", after(2, 0), "of the next packet, though the one before never became whole");
        assertEquals("FORWARD", verdict(1, packets));
        assertEquals("FORWARD", verdict(2, packets));
    }

    @ParameterizedTest
    @EnumSource
    void fragmentsAreOneConnection(Family of) {
        open(of, LookupTable.Index.FLOW_HASH);
        send(0, 1);
        send(1, 1);
        send(2, 1);
        send(0, 2);
        assertEquals(1, Connections.all(plane, family).size());
    }

    /** On one CPU: the kernel has a list of the newest entries for each, and what a thread left on another one's stays. */
    @ParameterizedTest
    @EnumSource
    void theOldestPacketsAreForgottenWhereThereAreTooMany(Family of) throws Exception {
        open(of, LookupTable.Index.FLOW_HASH);
        TwoCpus.onOne(() -> {
            for (int identification = 1; identification <= 2 * ENTRIES; identification++) {
                assertEquals("FORWARD", verdict(0, identification), "packet " + identification);
            }
            assertEquals("FORWARD", verdict(1, 2 * ENTRIES));
            assertEquals("DROP_FRAGMENT_UNKNOWN", verdict(1, 1));
            return null;
        });
    }
}
