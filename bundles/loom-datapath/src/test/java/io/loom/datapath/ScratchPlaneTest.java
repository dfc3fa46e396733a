package io.loom.datapath;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.plugin.PacketCase;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Loads the real program: needs privilege. */
class ScratchPlaneTest {
    private static final byte[] ARP = new byte[60];

    static {
        Arrays.fill(ARP, 0, 6, (byte) 0xff); // everybody's, as questions are
        ARP[12] = 0x08;
        ARP[13] = 0x06;
    }

    @Test
    void aProgramWithoutMethodsPassesWhatIsNotForIt() {
        Composition composition = Composer.builtIn().compose(List.of(), TestHandlers.ALL, Tuning.small(250));
        try (ScratchPlane plane = ScratchPlane.open(composition, Map.of())) {
            ScratchPlane.Outcome outcome = plane.run(ARP);
            assertEquals("PASS_NOT_IP", outcome.verdict());
            assertEquals(2, outcome.action());
            assertEquals("loom_xdp", plane.program().name());
        }
    }

    @Test
    void aCaseThatDoesNotHoldSaysWhy() {
        Composition composition = Composer.builtIn().compose(List.of(), TestHandlers.ALL, Tuning.small(250));
        try (ScratchPlane plane = ScratchPlane.open(composition, Map.of())) {
            assertEquals(
                    Optional.of("arp: verdict PASS_NOT_IP instead of FORWARD"),
                    plane.failure(new PacketCase("arp", ARP, "FORWARD", Optional.empty())));
            assertEquals(
                    Optional.of("arp: XDP action 2, but a frame should leave"),
                    plane.failure(new PacketCase("arp", ARP, "PASS_NOT_IP", Optional.of(ARP))));
        }
    }
}
