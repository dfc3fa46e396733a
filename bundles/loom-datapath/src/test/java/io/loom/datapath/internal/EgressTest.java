package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** More interfaces than one. */
class EgressTest extends DataPlaneFixture {
    private static final int NO_PREALLOC = 1;

    @Test
    void asManyInterfacesAsATrunkHasFindRoom() throws Exception {
        Map<Integer, Integer> trunk = new HashMap<>();
        for (int pair = 0; pair < 50; pair++) {
            ip("link add t" + pair + " type veth peer name u" + pair);
            for (String device : List.of("t" + pair, "u" + pair)) {
                int ifindex = Integer.parseInt(Files.readString(Path.of("/sys/class/net", device, "ifindex")).strip());
                trunk.put(ifindex, ifindex);
            }
        }
        List<Problem> told;
        try (BpfMap devices = BpfMap.open(ROOT.resolve("maps/loom_devices")); BpfMap mtus = BpfMap.open(ROOT.resolve("maps/loom_mtus"))) {
            Egress egress = new Egress(devices, () -> Optional.of(mtus));
            egress.allow(trunk);
            told = egress.problems();
            assertEquals(devices.maxEntries(), mtus.maxEntries());
        } finally {
            for (int pair = 0; pair < 50; pair++) {
                ip("link del t" + pair);
            }
        }
        assertEquals(List.of(), told);
    }

    @Test
    void oneThatFindsNoRoomIsAProblemWhileItFindsNoneAndHoldsUpNothing() throws Exception {
        int first = NetworkInterface.getByName(DEVICE).getIndex();
        int second = NetworkInterface.getByName("peer").getIndex();
        Map<Integer, Integer> both = Map.of(first, first, second, second);
        try (BpfMap devices = BpfMap.create(MapType.DEVMAP_HASH, "t_devices", Integer.BYTES, Integer.BYTES, 1, 0);
                BpfMap mtus = BpfMap.create(MapType.HASH, "t_mtus", Integer.BYTES, Integer.BYTES, 1, NO_PREALLOC)) {
            Egress egress = new Egress(devices, () -> Optional.of(mtus));
            egress.allow(both);
            egress.allow(both);
            List<Problem> told = egress.problems();
            assertEquals(List.of("LOOM-1280", "LOOM-1280"), told.stream().map(Problem::code).toList());
            assertTrue(told.stream().allMatch(problem -> problem.what().endsWith(" " + DEVICE) || problem.what().endsWith(" peer")), told::toString);
            egress.allow(Map.of());
            assertEquals(List.of(), egress.problems());
        }
    }
}
