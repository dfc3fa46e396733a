package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Verdict;
import io.loom.datapath.Composition;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.Kernel;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of connections when time passes, backends change and tables are full; on the running kernel. */
class ConnectionIT {
    private static final int SYN_SENT = 0;
    private static final int ESTABLISHED = 1;
    private static final int FIN_WAIT = 2;
    private static final int TIME_WAIT = 3;
    private static final int SYN_RECEIVED = 4;
    private static final int LONGER_THAN_ANY_TIMEOUT = 1000;
    private static final int EVENT_MAP_FULL = 96;

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped(tuning());

    /** With the connection table that is to be tested. */
    Tuning tuning() {
        return Tuning.small(Linked.HZ);
    }

    private Balancer ipip(Family family) {
        return new Balancer(PLANES, composition, family, "ipip", Map.of());
    }

    private Balancer nat(Family family) {
        return new Balancer(PLANES, composition, family, "nat", Linked.ONE_PORT);
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionKeepsItsBackendWhenTheTableChanges(Family family) {
        try (Balancer balancer = ipip(family)) {
            balancer.request("S");
            balancer.choose(2);
            balancer.request("A");
            assertEquals(1, balancer.connection().orElseThrow().backend());
            assertEquals(2, balancer.backendCount(1).packets());
            assertEquals(0, balancer.backendCount(2).packets());
        }
    }

    /** Each CPU counts for itself, so the shares are exact but for one unfinished round on each. */
    @ParameterizedTest
    @EnumSource
    void aTableThatGoesByCounterGivesEachEntryItsTurn(Family family) {
        try (Balancer balancer = ipip(family)) {
            balancer.rotate(1, 2, 1);
            for (int connection = 0; connection < 300; connection++) {
                balancer.request("S");
                balancer.request("FA"); // closed: the next SYN begins a connection anew
            }
            assertEquals(200, balancer.backendCount(1).connections(), Kernel.possibleCpus());
            assertEquals(300, balancer.backendCount(1).connections() + balancer.backendCount(2).connections());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSynThatComesTwiceKeepsItsBackend(Family family) {
        try (Balancer balancer = ipip(family)) {
            balancer.request("S");
            balancer.choose(2);
            balancer.request("S");
            assertEquals(1, balancer.connection().orElseThrow().backend());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClosedConnectionThatBeginsAnewChoosesAnew(Family family) {
        try (Balancer balancer = ipip(family)) {
            balancer.request("S");
            balancer.request("FA");
            balancer.choose(2);
            balancer.request("S");
            assertEquals(2, balancer.connection().orElseThrow().backend());
            assertEquals(SYN_SENT, balancer.connection().orElseThrow().state());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDirectConnectionLeavesABackendThatIsDown(Family family) {
        try (Balancer balancer = ipip(family)) {
            balancer.request("S");
            balancer.backend(1, true);
            balancer.choose(2);
            assertEquals("FORWARD", balancer.request("A"));
            assertEquals(2, balancer.connection().orElseThrow().backend());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDirectConnectionLeavesABackendThatIsGone(Family family) {
        try (Balancer balancer = ipip(family)) {
            balancer.request("S");
            balancer.backendIsGone(1);
            balancer.choose(2);
            assertEquals("FORWARD", balancer.request("A"));
            assertEquals(2, balancer.connection().orElseThrow().backend());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTranslatedConnectionOfABackendThatIsDownEndsAndMayBeginAnew(Family family) {
        try (Balancer balancer = nat(family)) {
            balancer.request("S");
            balancer.backend(1, true);
            balancer.choose(2);
            assertEquals("DROP_BACKEND_DOWN", balancer.request("A"), "its handshake is not over: it is told as seldom as who begins");
            assertEquals("FORWARD", balancer.request("S"));
            assertEquals(2, balancer.connection().orElseThrow().backend());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aVipWithoutUsableBackendDrops(Family family) {
        try (Balancer balancer = nat(family)) {
            balancer.choose();
            assertEquals("DROP_NO_BACKEND", balancer.request("S"));
            balancer.choose(3);
            assertEquals("DROP_NO_BACKEND", balancer.request("S"));
            balancer.backend(1, true);
            balancer.choose(1);
            assertEquals("DROP_NO_BACKEND", balancer.request("S"));
            assertTrue(balancer.connection().isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource
    void anExpiredConnectionIsForgotten(Family family) {
        try (Balancer balancer = nat(family)) {
            balancer.request("S");
            balancer.idle(LONGER_THAN_ANY_TIMEOUT);
            assertEquals("PASS_OUT_OF_STATE", balancer.request("A"));
            balancer.choose(2);
            assertEquals("FORWARD", balancer.request("S"));
            assertEquals(2, balancer.connection().orElseThrow().backend());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatAnotherCpuHasSeenLaterIsNotExpired(Family family) {
        try (Balancer balancer = nat(family)) {
            balancer.request("S");
            balancer.idle(-1);
            assertEquals("FORWARD", balancer.request("A"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void underNatBothSidesMoveTheState(Family family) {
        try (Balancer balancer = nat(family)) {
            balancer.request("S");
            assertState(balancer, SYN_SENT);
            balancer.answer("SA", 20000);
            assertState(balancer, SYN_RECEIVED);
            balancer.request("A");
            assertState(balancer, ESTABLISHED);
            balancer.request("FA");
            assertState(balancer, FIN_WAIT);
            balancer.request("FA");
            assertState(balancer, FIN_WAIT);
            balancer.answer("FA", 20000);
            assertState(balancer, TIME_WAIT);
            balancer.request("A");
            assertState(balancer, TIME_WAIT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetOfEitherSideCloses(Family family) {
        for (boolean byClient : new boolean[] {true, false}) {
            try (Balancer balancer = nat(family)) {
                balancer.request("S");
                balancer.answer("SA", 20000);
                assertEquals(byClient ? "FORWARD" : "REPLY", byClient ? balancer.request("R") : balancer.answer("R", 20000));
                assertState(balancer, TIME_WAIT);
            }
        }
    }

    private static void assertState(Balancer balancer, int state) {
        assertEquals(state, balancer.connection().orElseThrow().state());
        assertEquals(List.of(state), balancer.replyStates(), "the reply half moves along");
    }

    @ParameterizedTest
    @EnumSource
    void underIpipOnlyTheClientMovesTheState(Family family) {
        try (Balancer balancer = ipip(family)) {
            balancer.request("S");
            assertEquals(SYN_SENT, balancer.connection().orElseThrow().state());
            balancer.request("A");
            assertEquals(SYN_RECEIVED, balancer.connection().orElseThrow().state());
            balancer.request("A");
            assertEquals(ESTABLISHED, balancer.connection().orElseThrow().state());
            balancer.request("FA");
            assertEquals(FIN_WAIT, balancer.connection().orElseThrow().state());
        }
    }

    /** Its first packet has been lost to another balancer, or to a restart. */
    @ParameterizedTest
    @EnumSource
    void aDirectConnectionMayBeginInItsMiddle(Family family) {
        try (Balancer balancer = ipip(family)) {
            assertEquals("FORWARD", balancer.request("A"));
            assertEquals(SYN_RECEIVED, balancer.connection().orElseThrow().state());
            balancer.request("A");
            assertEquals(ESTABLISHED, balancer.connection().orElseThrow().state());
            balancer.forgetConnection();
            balancer.request("FA");
            assertEquals(FIN_WAIT, balancer.connection().orElseThrow().state());
        }
    }

    /** Assured is a connection whose client has come back; what a backend sends says nothing about that. */
    @ParameterizedTest
    @EnumSource
    void packetsOfTheBackendDoNotAssure(Family family) {
        try (Balancer balancer = nat(family)) {
            balancer.request("S");
            balancer.answer("SA", 20000);
            balancer.idle(2);
            balancer.idleReplies(2);
            balancer.answer("A", 20000);
            assertEquals(false, balancer.connection().orElseThrow().assured());
            balancer.idle(1);
            balancer.request("A");
            assertEquals(true, balancer.connection().orElseThrow().assured());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetOfNothingIsForwardedUnderIpipButNotTracked(Family family) {
        try (Balancer balancer = ipip(family)) {
            assertEquals("FORWARD", balancer.request("R"));
            assertTrue(balancer.connection().isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFullTableRefusesATranslatedConnectionAndLetsADirectOneGoUntracked(Family family) {
        Composition small = Linked.shipped(Linked.fullAtOnce());
        try (Balancer balancer = new Balancer(PLANES, small, family, "ipip", Map.of())) {
            balancer.request("S", 40001);
            assertEquals("FORWARD", balancer.request("S"));
            assertTrue(balancer.connection().isEmpty());
            assertEquals(new VerdictCount(1, 0, 0), balancer.count(EVENT_MAP_FULL), "an event has no bytes");
            assertEquals(1, balancer.backendCount(1).connections());
        }
        try (Balancer balancer = new Balancer(PLANES, small, family, "nat", Map.of())) {
            balancer.request("S", 40001);
            assertEquals("DROP_CONNECTIONS_FULL", balancer.request("S"));
            assertEquals(new VerdictCount(1, 0, 0), balancer.count(EVENT_MAP_FULL), "an event has no bytes");
        }
    }

    @ParameterizedTest
    @EnumSource
    void packetsBytesAndConnectionsAreCounted(Family family) {
        int ip = family == Family.IPV4 ? 40 : 60;
        int outer = family == Family.IPV4 ? 20 : 40;
        try (Balancer balancer = ipip(family)) {
            balancer.request("S");
            balancer.request("A");
            assertEquals(new FlowCount(2, 2 * ip, 1), balancer.backendCount(1));
            assertEquals(new FlowCount(2, 2 * ip, 1), balancer.listenerCount());
            assertEquals(2, balancer.count(Verdict.FORWARD).packets());
            assertEquals(2 * (14 + ip), balancer.count(Verdict.FORWARD).bytesIn());
            assertEquals(2 * (14 + ip + outer), balancer.count(Verdict.FORWARD).bytesOut());
            balancer.choose(3);
            balancer.request("S", 40001);
            assertEquals(new VerdictCount(1, 14 + ip, 0), balancer.count(Verdict.DROP_NO_BACKEND));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterfaceThatLoomWasNotGivenGetsNothing(Family family) {
        try (Balancer balancer = nat(family)) {
            balancer.backendBehind(1, 999_999);
            assertEquals("DROP_INTERNAL", balancer.request("S"));
        }
    }
}
