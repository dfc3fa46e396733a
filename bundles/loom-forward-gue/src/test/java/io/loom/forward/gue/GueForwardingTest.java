package io.loom.forward.gue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.MethodOptions;
import io.loom.api.plugin.PacketCase;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GueForwardingTest {
    private final GueForwarding method = new GueForwarding();

    @Test
    void theObjectIsAnElfFileWithThePlaceholderThatTheLinkerReplaces() {
        byte[] object = method.object();
        assertArrayEquals(new byte[] {0x7f, 'E', 'L', 'F'}, Arrays.copyOf(object, 4));
        assertTrue(new String(object, StandardCharsets.ISO_8859_1).contains("loom_forward_slotXX"));
    }

    @Test
    void theOperatorsPortGoesIntoTheObjectAndTheSelfTestKeepsItsOwn() {
        MethodOptions options = new MethodOptions(6666, Optional.empty(), Optional.empty(), List.of());
        assertEquals(Map.of("gue_port", 6666L), method.constants(options));
        assertEquals(Map.of("gue_port", 6080L), method.describe().selfTest().constants());
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
}
