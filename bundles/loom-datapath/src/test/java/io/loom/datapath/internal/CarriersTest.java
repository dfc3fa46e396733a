package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Problem;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.datapath.internal.layout.VlanTags;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bonds and VLAN devices, as /sys shows them: this host's kernel may lack both. {@code ./loom test --vm} tries real ones. */
class CarriersTest {
    @TempDir
    private Path net;
    private final List<String> described = new ArrayList<>();
    private final Readings readings = new Readings();
    private Carriers carriers;

    @BeforeEach
    void hosts() throws IOException {
        device("eth0", 2, "");
        device("eth1", 3, "");
        device("bond1", 4, "DEVTYPE=bond");
        Files.createDirectories(net.resolve("bond1/bonding"));
        Files.writeString(net.resolve("bond1/bonding/slaves"), "eth0 eth1\n");
        Files.createDirectory(net.resolve("eth0/upper_bond1"));
        device("bond1.100", 5, "DEVTYPE=vlan");
        Files.createDirectory(net.resolve("bond1/upper_bond1.100"));
        device("inner", 6, "DEVTYPE=vlan");
        Files.createDirectory(net.resolve("bond1.100/upper_inner"));
        device("third", 7, "DEVTYPE=vlan");
        Files.createDirectory(net.resolve("inner/upper_third"));
        carriers = new Carriers(net, this::description, readings);
    }

    private void device(String name, int ifindex, String type) throws IOException {
        Files.createDirectories(net.resolve(name));
        Files.writeString(net.resolve(name).resolve("ifindex"), ifindex + "\n");
        Files.writeString(net.resolve(name).resolve("uevent"), type + "\nINTERFACE=" + name + "\nIFINDEX=" + ifindex + "\n");
    }

    private String description(String device) {
        described.add(device);
        int identifier = device.equals("inner") ? 10 : 100;
        return "6: " + device + "@bond1: <BROADCAST> mtu 1500 qdisc noop\\    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0"
                + "\\    vlan protocol 802.1Q id " + identifier + " <REORDER_HDR> numtxqueues 1";
    }

    @Test
    void aBondCarriesWhatItsCardsTakeAndWhatIsForVlansOnIt() {
        carriers.look(List.of("bond1"));
        assertEquals(Map.of(2, 4, 3, 4, 5, 4, 6, 4), carriers.carried(), "not a third tag, which packets cannot have");
        assertEquals(List.of("eth0", "eth1"), carriers.cardsOf(List.of("bond1")));
    }

    @Test
    void aHopOverAVlanDeviceNeedsItsTagsOnTheCarrier() throws IOException {
        carriers.look(List.of("bond1"));
        assertEquals(hop(4, new VlanTags(100, 0)), carriers.through(hop(5, VlanTags.NONE)));
        assertEquals(hop(4, new VlanTags(100, 10)), carriers.through(hop(6, VlanTags.NONE)));
        assertEquals(hop(4, VlanTags.NONE), carriers.through(hop(4, VlanTags.NONE)));
        assertEquals(hop(9, VlanTags.NONE), carriers.through(hop(9, VlanTags.NONE)));
    }

    @Test
    void aVlanIsAskedForOnceAndACardThatLeavesIsForgotten() throws IOException {
        carriers.look(List.of("bond1"));
        Files.writeString(net.resolve("bond1/bonding/slaves"), "\n");
        carriers.look(List.of("bond1"));
        assertEquals(Map.of(5, 4, 6, 4), carriers.carried());
        assertEquals(List.of("bond1"), carriers.cardsOf(List.of("bond1")));
        assertEquals(List.of("bond1.100", "inner"), described);
        carriers.look(List.of("gone"));
        assertEquals(Map.of(), carriers.carried());
    }

    @Test
    void whatCannotBeReadIsAProblemUntilItCanAndADeviceThatWentIsNone() throws IOException {
        Path ifindex = net.resolve("eth1/ifindex");
        Files.delete(ifindex);
        Files.createDirectory(ifindex);
        carriers.look(List.of("bond1", "gone"));
        assertEquals(List.of("LOOM-1270"), readings.problems().stream().map(Problem::code).toList());
        assertEquals(Map.of(2, 4), carriers.carried());
        Files.delete(ifindex);
        Files.writeString(ifindex, "3\n");
        carriers.look(List.of("bond1", "gone"));
        assertEquals(List.of(), readings.problems());
        new Carriers(net.resolve("not-mounted"), this::description, readings).look(List.of("eth0"));
        assertEquals(1, readings.problems().size());
    }

    private static NextHop hop(int ifindex, VlanTags tags) throws IOException {
        return new NextHop(InetAddress.getByName("192.0.2.1"), ifindex, 1500, new byte[6], new byte[6], tags);
    }
}
