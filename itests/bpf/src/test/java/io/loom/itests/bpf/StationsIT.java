package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.api.MacAddress;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.StationRow;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** By what loom_stations says, which frames are for this host; the rows of stations.json have the interface's own MAC address alone. */
class StationsIT {
    private static final Frames FRAMES = new Frames();
    /** Shares the row of the loopback device, on which test runs happen. */
    private static final int NEIGHBOUR = World.IFINDEX + StationRow.ROWS;

    private ScratchPlane plane;

    @BeforeEach
    void open() {
        plane = ScratchPlane.open(Linked.shipped(), Linked.ONE_PORT);
        plane.addWorld("l2");
    }

    @AfterEach
    void close() {
        plane.close();
    }

    @Test
    void eachOfARowFullOfAddressesIsOurs() {
        List<MacAddress> all = new ArrayList<>();
        for (int number = 0; number < StationRow.ROOM; number++) {
            all.add(mac(number));
        }
        plane.putStations(World.IFINDEX, all);
        all.forEach(mac -> assertEquals("FORWARD", verdict(mac), mac::text));
        assertEquals("PASS_OTHER_STATION", verdict(mac(StationRow.ROOM)));
        plane.putStations(World.IFINDEX, all.subList(1, all.size()));
        assertEquals("PASS_OTHER_STATION", verdict(all.get(0)), "one that is not any more");
        assertEquals("FORWARD", verdict(all.get(all.size() - 1)));
    }

    @Test
    void onAnInterfaceOfWhichNothingIsKnownEveryFrameIs() {
        plane.putStations(World.IFINDEX, List.of());
        assertEquals("FORWARD", verdict(mac(1)));
        plane.putStations(NEIGHBOUR, List.of(mac(1)));
        assertEquals("FORWARD", verdict(mac(1)), "what another interface of the row has says nothing of this one");
        assertEquals("FORWARD", verdict(mac(2)));
    }

    @Test
    void whatAnotherInterfaceOfTheRowHasIsNotOursHere() {
        List<Long> both = List.of(StationRow.word(NEIGHBOUR, mac(2)), StationRow.word(World.IFINDEX, mac(1)));
        plane.putStationWords(StationRow.row(World.IFINDEX), both);
        assertEquals("FORWARD", verdict(mac(1)));
        assertEquals("PASS_OTHER_STATION", verdict(mac(2)));
    }

    private static MacAddress mac(int number) {
        return new MacAddress("02:00:00:00:01:" + String.format("%02x", number));
    }

    /** Of both families, which must agree. */
    private String verdict(MacAddress destination) {
        List<String> verdicts = new ArrayList<>();
        for (Family family : Family.values()) {
            byte[] frame = FRAMES.request(family, "S", Balancer.CLIENT_PORT);
            System.arraycopy(destination.bytes(), 0, frame, 0, MacAddress.BYTES);
            verdicts.add(plane.run(frame).verdict());
        }
        assertEquals(verdicts.get(0), verdicts.get(1));
        return verdicts.get(0);
    }
}
