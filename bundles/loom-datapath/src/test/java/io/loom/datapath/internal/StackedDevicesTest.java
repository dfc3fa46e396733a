package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As /sys shows it: this host's kernel may lack bonds and VLAN devices. */
class StackedDevicesTest {
    @TempDir
    private Path net;
    private final Readings readings = new Readings();
    private StackedDevices stacked;

    @BeforeEach
    void hosts() throws IOException {
        stacked = new StackedDevices(net, readings);
        device("eth0", "");
        device("eth1", "");
        device("bond1", "DEVTYPE=bond");
        Files.createDirectory(net.resolve("bond1/bonding"));
        master("eth0", "bond1");
        master("eth1", "bond1");
        device("bond1.100", "DEVTYPE=vlan");
        on("bond1.100", "bond1");
        device("bond1.100.7", "DEVTYPE=vlan");
        on("bond1.100.7", "bond1.100");
        device("bond1.200", "DEVTYPE=vlan");
        on("bond1.200", "bond1");
        device("virtual", "DEVTYPE=macvlan");
        on("virtual", "bond1");
    }

    private void device(String name, String type) throws IOException {
        Files.createDirectory(net.resolve(name));
        Files.writeString(net.resolve(name).resolve("uevent"), type + "\nINTERFACE=" + name + "\n");
    }

    private void on(String above, String below) throws IOException {
        Files.createDirectory(net.resolve(below).resolve("upper_" + above));
        Files.createDirectory(net.resolve(above).resolve("lower_" + below));
    }

    private void master(String port, String master) throws IOException {
        on(master, port);
        Files.createSymbolicLink(net.resolve(port).resolve("master"), Path.of("../" + master));
    }

    @Test
    void onABondFramesComeInOnItsCards() {
        Set<String> above = Set.of("bond1", "bond1.100", "bond1.100.7", "bond1.200");
        Map<String, Set<String>> found = stacked.of(List.of("bond1"));
        assertEquals(Set.of("bond1", "eth0", "eth1"), found.keySet());
        assertEquals(with(above, "eth0", "eth1"), found.get("bond1"));
        assertEquals(with(above, "eth0"), found.get("eth0"));
        assertEquals(with(above, "eth1"), found.get("eth1"), "not the other card's: what comes in there is another station's");
        assertEquals("eth0", found.get("eth0").iterator().next(), "its own first");
    }

    @Test
    void aCardSharesWithItsBondAndWhatIsOnThat() {
        assertEquals(Map.of("eth0", Set.of("eth0", "bond1", "bond1.100", "bond1.100.7", "bond1.200")), stacked.of(List.of("eth0")));
    }

    @Test
    void aVlanDeviceSharesWithWhatIsBelowAndAboveItAndNotWithItsSiblings() {
        assertEquals(Map.of("bond1.100", Set.of("bond1.100", "bond1.100.7", "bond1", "eth0", "eth1")), stacked.of(List.of("bond1.100")));
    }

    @Test
    void aBridgesPortSharesWithTheBridgeAndNotWithOtherPorts() throws IOException {
        device("br0", "DEVTYPE=bridge");
        device("eth2", "");
        device("tap0", "");
        master("eth2", "br0");
        master("tap0", "br0");
        assertEquals(Map.of("eth2", Set.of("eth2", "br0")), stacked.of(List.of("eth2")));
        assertEquals(Map.of("br0", Set.of("br0")), stacked.of(List.of("br0")));
    }

    @Test
    void aMacvlanIsAStationOfItsOwn() {
        assertEquals(Map.of("virtual", Set.of("virtual")), stacked.of(List.of("virtual")));
    }

    @Test
    void aDeviceThatIsNotThereIsAloneAndOneThatComesIsSeen() throws IOException {
        assertEquals(Map.of("later", Set.of("later")), stacked.of(List.of("later")));
        device("later", "");
        device("later.5", "DEVTYPE=vlan");
        on("later.5", "later");
        assertEquals(Map.of("later", Set.of("later", "later.5")), stacked.of(List.of("later")));
    }

    private static Set<String> with(Set<String> some, String... more) {
        Set<String> all = new HashSet<>(some);
        all.addAll(List.of(more));
        return all;
    }

    @Test
    void whatCannotBeReadIsAProblemUntilItCanAndADeviceThatWentIsNone() throws IOException {
        stacked.of(List.of("bond1", "absent"));
        assertEquals(List.of(), readings.problems());
        Path uevent = net.resolve("bond1.200/uevent");
        Files.delete(uevent);
        stacked.of(List.of("bond1"));
        assertEquals(List.of("LOOM-1270"), readings.problems().stream().map(Problem::code).toList());
        Files.writeString(uevent, "DEVTYPE=vlan\n");
        assertEquals(Set.of("eth0", "bond1", "bond1.100", "bond1.100.7", "bond1.200"), stacked.of(List.of("eth0")).get("eth0"));
        assertEquals(List.of(), readings.problems());
        Path loop = Files.createSymbolicLink(net.resolve("eth9"), Path.of("eth9"));
        assertEquals(Map.of("eth9", Set.of("eth9")), stacked.of(List.of("eth9")));
        assertEquals(1, readings.problems().size());
        Files.delete(loop);
        stacked.of(List.of("eth9"));
        assertEquals(List.of(), readings.problems());
    }
}
