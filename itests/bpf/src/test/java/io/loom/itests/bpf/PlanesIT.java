package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A program that is lent again is like one that was just loaded. */
class PlanesIT {
    private static final int VIP = 4711;

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped();

    /** Map by map: the entries that are not zero. */
    private static Map<String, String> content(ScratchPlane plane) {
        Map<String, String> content = new TreeMap<>();
        PLANES.maps(plane).stream().filter(map -> map.type() != MapType.RINGBUF).forEach(map -> map.forEach((key, value) -> {
            String bytes = HexFormat.of().formatHex(value);
            if (!bytes.chars().allMatch(digit -> digit == '0')) {
                content.merge(map.name(), HexFormat.of().formatHex(key) + "=" + bytes + " ", String::concat);
            }
        }));
        return content;
    }

    /** By nat, with clients that keep their address and their backend: every map that packets write has an entry then. */
    private static void use(ScratchPlane plane, Family family) {
        plane.putBackend(1, new ScratchPlane.Backend(World.vip(family), "nat"));
        plane.putTable(0, TableEntry.settled(1));
        for (Set<Flag> flags : List.of(Set.<Flag>of(), Set.of(Flag.KEEP_CLIENT))) {
            plane.putListener(new ListenerKey(Protocol.TCP, World.vip(family)),
                    new ListenerEntry(0, LookupTable.Index.COUNTER, flags, 0, 1, VIP));
            plane.run(new Frames().request(family, "S", Balancer.CLIENT_PORT + flags.size()));
        }
        plane.map("loom_devices").update(Keys.of(World.IFINDEX), Keys.of(World.IFINDEX), UpdateMode.ANY);
    }

    @ParameterizedTest
    @EnumSource
    void whatATestHasDoneIsGone(Family family) {
        ScratchPlane plane = PLANES.lend(composition, Map.of());
        Map<String, String> fresh = content(plane);
        use(plane, family);
        Map<String, String> used = content(plane);
        for (String map : List.of("loom_conns", "loom_listeners", "nat_pairs", "nat_kept", "loom_affinity")) {
            assertTrue(used.containsKey(map + family.version()), map);
        }
        PLANES.giveBack(plane);
        assertSame(plane, PLANES.lend(composition, Map.of()));
        assertEquals(fresh, content(plane));
        PLANES.giveBack(plane);
    }

    @Test
    void noProgramIsLentTwiceAtATimeOrForOneWithOtherConstants() {
        ScratchPlane plane = PLANES.lend(composition, Map.of());
        ScratchPlane second = PLANES.lend(composition, Map.of());
        assertNotSame(plane, second);
        PLANES.giveBack(second);
        assertNotSame(second, PLANES.lend(composition, Linked.ONE_PORT));
        assertNotSame(second, PLANES.lend(Linked.shipped(Linked.fullAtOnce()), Map.of()));
    }
}
