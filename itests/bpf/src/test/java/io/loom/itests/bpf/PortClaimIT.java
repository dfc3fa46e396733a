package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.datapath.Composition;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who owns a source port towards a backend under nat, and when another connection may have it; on the running kernel. */
class PortClaimIT {
    private static final int OTHER_PORT = Balancer.CLIENT_PORT + 1;
    private static final int LONGER_THAN_ANY_TIMEOUT = 1000;

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped();

    private Balancer withPorts(Family family, long count) {
        return new Balancer(PLANES, composition, family, "nat", Map.of("nat_port_first", 20000L, "nat_port_count", count));
    }

    @ParameterizedTest
    @EnumSource
    void connectionsGetPortsOfTheirOwn(Family family) {
        try (Balancer balancer = withPorts(family, 2)) {
            assertEquals("FORWARD", balancer.request("S"));
            assertEquals("FORWARD", balancer.request("S", OTHER_PORT));
            assertEquals(2, balancer.replyStates().size());
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.request("S", 40002));
            assertEquals("REPLY", balancer.answer("SA", 20000));
            assertEquals("REPLY", balancer.answer("SA", 20001));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anExpiredOwnerLosesItsPort(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            balancer.request("S");
            balancer.idleReplies(LONGER_THAN_ANY_TIMEOUT);
            assertEquals("PASS_NO_LISTENER", balancer.answer("SA", 20000));
            assertEquals("FORWARD", balancer.request("S", OTHER_PORT));
            assertEquals("REPLY", balancer.answer("SA", 20000));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatLostItsPortIsLeftToTheLocalStack(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            balancer.request("S");
            balancer.idleReplies(LONGER_THAN_ANY_TIMEOUT);
            balancer.request("S", OTHER_PORT);
            balancer.idle(2);
            assertEquals("PASS_OUT_OF_STATE", balancer.request("A"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClosedConnectionKeepsItsPortUntilItHasBeenQuiet(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            balancer.request("S");
            balancer.answer("SA", 20000);
            balancer.request("FA");
            balancer.answer("FA", 20000);
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.request("S", OTHER_PORT));
            balancer.idleReplies(3);
            assertEquals("FORWARD", balancer.request("S", OTHER_PORT));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOpenConnectionKeepsItsPortHoweverQuiet(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            balancer.request("S");
            balancer.answer("SA", 20000);
            balancer.idleReplies(20);
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.request("S", OTHER_PORT));
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameClientTakesItsPortAgainAfterItsConnectionWasForgotten(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            balancer.request("S");
            balancer.forgetConnection();
            assertEquals("FORWARD", balancer.request("S"));
            assertEquals(List.of(0), balancer.replyStates());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReplyHalfThatVanishedIsPutBackByTheNextPacketOfANewSecond(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            balancer.request("S");
            balancer.forgetReplies();
            assertEquals("PASS_NO_LISTENER", balancer.answer("SA", 20000));
            balancer.idle(2);
            assertEquals("FORWARD", balancer.request("S"));
            assertEquals("REPLY", balancer.answer("SA", 20000));
        }
    }

    @ParameterizedTest
    @EnumSource
    void portsAreSpreadOverTheRange(Family family) {
        try (Balancer balancer = withPorts(family, 30_000)) {
            balancer.request("S");
            int first = balancer.connection().orElseThrow().cookie();
            assertTrue(first >= 20000 && first < 50000);
            balancer.request("S", OTHER_PORT);
            assertEquals(2, balancer.replyStates().size());
        }
    }
}
