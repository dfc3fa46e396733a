package io.loom.forward.nat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.PortRange;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.MethodOptions;
import io.loom.api.plugin.PacketCase;
import io.loom.api.plugin.SourcePorts;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NatForwardingTest {
    private final NatForwarding method = new NatForwarding();

    @Test
    void theObjectIsAnElfFileWithThePlaceholderThatTheLinkerReplaces() {
        byte[] object = method.object();
        assertArrayEquals(new byte[] {0x7f, 'E', 'L', 'F'}, Arrays.copyOf(object, 4));
        assertTrue(new String(object, StandardCharsets.ISO_8859_1).contains("loom_forward_slotXX"));
    }

    @Test
    void theSelfTestCoversBothFamiliesAndPacketsThatAreNotForLoom() {
        Description description = method.describe();
        for (Family family : Family.values()) {
            String prefix = family == Family.IPV4 ? "IPv4: " : "IPv6: ";
            assertTrue(description.selfTest().cases().stream()
                    .anyMatch(c -> c.name().startsWith(prefix) && c.verdict().equals("FORWARD")));
            assertTrue(description.selfTest().cases().stream()
                    .anyMatch(c -> c.name().startsWith(prefix) && c.verdict().equals("PASS_NO_LISTENER")));
        }
        for (PacketCase packet : description.selfTest().cases()) {
            boolean leaves = packet.verdict().equals("FORWARD") || packet.verdict().equals("REPLY");
            assertEquals(leaves, packet.expected().isPresent(), packet.name());
        }
    }

    /** Each address of a family brings all ports again; without one there is Loom's own. */
    @Test
    void thereAreAsManyConnectionsToABackendAsThereArePortsOfAllAddresses() {
        long ports = method.describe().constants().get("nat_port_count");
        List<InetAddress> sources = Stream.of("192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3")
                .map(address -> IpAddress.parse(address).orElseThrow()).toList();
        MethodOptions options = new MethodOptions(6080, Optional.empty(), Optional.empty(), sources);
        assertEquals(3 * ports, method.capacity(options, Family.IPV4));
        assertEquals(ports, method.capacity(options, Family.IPV6));
        assertEquals(ports, method.capacity(MethodOptions.DEFAULT, Family.IPV4));
    }

    @Test
    void theSelfTestHasOnePortSoThatTheResultDoesNotDependOnChance() {
        assertEquals(1L, method.describe().selfTest().constants().get("nat_port_count"));
    }

    @Test
    void portsAndSourceAddressesAreThoseOfTheOptions() {
        MethodOptions options = new MethodOptions(6080, Optional.empty(), Optional.empty(), List.of(InetAddress.getLoopbackAddress()))
                .withPorts(new SourcePorts(new PortRange(1024, 9999), new PortRange(1024, 32767)));
        Map<String, Long> constants = method.constants(options);
        assertEquals(1024L, constants.get("nat_port_first"));
        assertEquals(8976L, constants.get("nat_port_count"));
        assertEquals(1024L, constants.get("nat_former_first"));
        assertEquals(31744L, constants.get("nat_former_count"));
        assertEquals(1L, constants.get("nat_source_count4"));
    }

    /** So that packets to the host are compared with one range of ports, not two. */
    @Test
    void noPortIsAFormerOneUnlessThePortsHaveChanged() {
        MethodOptions options = new MethodOptions(6080, Optional.empty(), Optional.empty(), List.of()).withPorts(SourcePorts.DEFAULT);
        assertEquals(0L, method.constants(options).get("nat_former_count"));
    }
}
