package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.datapath.Composition;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    private static void establish(Balancer balancer) {
        balancer.request("S");
        balancer.answer("SA", 20000);
        balancer.request("A");
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

    /** Two numbers that have every bit of a port between them. */
    @ParameterizedTest
    @CsvSource({"IPV4, 21845", "IPV4, 43690", "IPV6, 21845", "IPV6, 43690"})
    void aConnectionGoesOnWithThePortThatItBeganWith(Family family, int port) {
        Map<String, Long> thatPort = Map.of("nat_port_first", (long) port, "nat_port_count", 1L);
        try (Balancer balancer = new Balancer(PLANES, composition, family, "nat", thatPort)) {
            for (String flags : List.of("S", "A", "FA")) {
                assertEquals(port, Twins.read(balancer.send(flags).frame()).source().port(), flags);
                assertEquals(port, balancer.connection().orElseThrow().cookie(), flags);
            }
            byte[] answer = Twins.withPorts(new Frames().answer(family, "A", 20000), 8080, port);
            assertEquals("REPLY", balancer.run(answer).verdict());
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
            establish(balancer);
            balancer.request("FA");
            balancer.answer("FA", 20000);
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.request("S", OTHER_PORT));
            balancer.idleReplies(3);
            assertEquals("FORWARD", balancer.request("S", OTHER_PORT));
        }
    }

    /** Two ticks are not enough; a claim that succeeds came in a later tick than it was meant to, and is tried again. */
    @ParameterizedTest
    @EnumSource
    void aClosedConnectionKeepsItsPortForTwoTicks(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            String verdict = "FORWARD";
            for (int attempt = 0; attempt < 20 && verdict.equals("FORWARD"); attempt++) {
                balancer.forgetReplies();
                balancer.request("S", OTHER_PORT);
                balancer.answer("R", 20000);
                balancer.idleReplies(2);
                int closed = balancer.replies().get(0).seen();
                verdict = balancer.request("S");
                int quiet = balancer.connection().map(began -> began.seen() - closed).orElse(0);
                assertEquals(verdict.equals("FORWARD"), quiet > 2, "quiet for " + quiet);
                balancer.request("R");
                balancer.request("R", OTHER_PORT);
            }
            assertEquals("DROP_PORTS_EXHAUSTED", verdict);
        }
    }

    /** So that another balancer, or this one without its tables, begins with the same one. */
    @ParameterizedTest
    @EnumSource
    void theFlowsHashNamesThePortThatItBeginsWith(Family family) {
        try (Balancer balancer = withPorts(family, 30_000)) {
            for (int port = Balancer.CLIENT_PORT; port < Balancer.CLIENT_PORT + 8; port++) {
                Anatomy sent = Twins.read(balancer.run(new Frames().request(family, "S", port)).frame());
                assertEquals(20000 + NatPorts.picked(family, port, 0, 30_000), sent.source().port());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOpenConnectionKeepsItsPortHoweverQuiet(Family family) {
        try (Balancer balancer = withPorts(family, 1)) {
            establish(balancer);
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

    /** Neighbours in a place's group of four may lie outside. */
    @ParameterizedTest
    @EnumSource
    void portsOutsideTheRangeAreNotGiven(Family family) {
        try (Balancer balancer = new Balancer(PLANES, composition, family, "nat", Map.of("nat_port_first", 20001L, "nat_port_count", 2L))) {
            Set<Integer> given = new TreeSet<>();
            for (int client = 0; client < 2; client++) {
                given.add(Twins.read(balancer.run(new Frames().request(family, "S", 40000 + client)).frame()).source().port());
            }
            assertEquals(Set.of(20001, 20002), given);
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.request("S", 40002));
        }
    }

    /** Of two clients whose hash names the same port the second gets the other one, though the first has closed. */
    @ParameterizedTest
    @EnumSource
    void aPortThatIsFreeIsTakenBeforeOneWhoseConnectionHasClosed(Family family) {
        try (Balancer balancer = withPorts(family, 2)) {
            int[] named = new int[8];
            for (int client = 0; client < named.length; client++) {
                named[client] = Twins.read(balancer.run(new Frames().request(family, "S", 40000 + client)).frame()).source().port();
                balancer.forgetReplies();
            }
            int second = IntStream.range(1, named.length).filter(client -> named[client] == named[0]).findFirst().orElseThrow();
            balancer.forgetConnection();
            balancer.request("S", 40000);
            balancer.answer("R", named[0]);
            balancer.idleReplies(10);
            balancer.request("R", 40000 + second);
            assertEquals("FORWARD", balancer.request("S", 40000 + second));
            assertEquals(2, balancer.replies().size(), "the closed one has kept its port");
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
