package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoftwareLinksTest {
    @TempDir
    private Path sys;
    private Path net;
    private final Readings readings = new Readings();

    @BeforeEach
    void devices() throws IOException {
        net = Files.createDirectories(sys.resolve("class/net"));
        device("veth0", "devices/virtual/net/veth0");
        device("eth0", "devices/pci0000:00/0000:00:03.0/net/eth0");
        Files.createDirectories(device("bond0", "devices/virtual/net/bond0").resolve("bonding"));
    }

    private Path device(String name, String path) throws IOException {
        Path device = Files.createDirectories(sys.resolve(path));
        Files.createSymbolicLink(net.resolve(name), device);
        return device;
    }

    @Test
    void oneIsEnough() {
        assertTrue(SoftwareLinks.any(net, List.of("eth0", "veth0"), readings));
    }

    @Test
    void cardsBondsAndWhatIsNotThereAreNone() {
        assertFalse(SoftwareLinks.any(net, List.of("eth0", "bond0", "absent"), readings));
    }

    /** As one that needs no look is not to be had without one, it is looked for what breaks vips in silence. */
    @Test
    void oneThatCannotBeLookedAtCountsAndIsToldOfUntilItCan() throws IOException {
        Path unreadable = Files.createSymbolicLink(net.resolve("eth1"), Path.of("eth1"));
        assertTrue(SoftwareLinks.any(net, List.of("eth0", "eth1"), readings));
        assertEquals(List.of("LOOM-1270"), readings.problems().stream().map(Problem::code).toList());
        Files.delete(unreadable);
        assertFalse(SoftwareLinks.any(net, List.of("eth0", "eth1"), readings));
        assertEquals(List.of(), readings.problems());
        assertTrue(SoftwareLinks.any(sys.resolve("not-mounted"), List.of("eth0"), readings));
        assertEquals(1, readings.problems().size());
    }
}
