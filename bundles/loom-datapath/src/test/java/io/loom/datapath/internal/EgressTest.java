package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        List<String> told = new ArrayList<>();
        try (BpfMap devices = BpfMap.open(ROOT.resolve("maps/loom_devices")); BpfMap mtus = BpfMap.open(ROOT.resolve("maps/loom_mtus"))) {
            new Egress(devices, () -> Optional.of(mtus), told::add).allow(trunk);
            assertEquals(devices.maxEntries(), mtus.maxEntries());
        } finally {
            for (int pair = 0; pair < 50; pair++) {
                ip("link del t" + pair);
            }
        }
        assertEquals(List.of(), told);
    }

    @Test
    void oneThatFindsNoRoomIsToldOfOnceAndHoldsUpNothing() throws Exception {
        int first = NetworkInterface.getByName(DEVICE).getIndex();
        int second = NetworkInterface.getByName("peer").getIndex();
        Map<Integer, Integer> both = Map.of(first, first, second, second);
        List<String> told = new ArrayList<>();
        try (BpfMap devices = BpfMap.create(MapType.DEVMAP_HASH, "t_devices", Integer.BYTES, Integer.BYTES, 1, 0);
                BpfMap mtus = BpfMap.create(MapType.HASH, "t_mtus", Integer.BYTES, Integer.BYTES, 1, NO_PREALLOC)) {
            Egress egress = new Egress(devices, () -> Optional.of(mtus), told::add);
            egress.allow(both);
            egress.allow(both);
            assertEquals(2, told.size(), told::toString);
            egress.allow(Map.of());
            egress.allow(both);
            assertEquals(4, told.size(), "when it begins again");
        }
    }
}
