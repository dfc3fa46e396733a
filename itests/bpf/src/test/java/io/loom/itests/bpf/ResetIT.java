package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.datapath.Composition;
import io.loom.datapath.internal.layout.ConnectionWord;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whether a reset was in its receiver's window Loom cannot know: it may be anybody's (RFC 5961). What the connection does next
 * tells. The sequence numbers of these frames are far from those of a connection, or not; Loom does not look.
 */
class ResetIT {
    private static final int PORT = 20000;
    private static final int ESTABLISHED = 1;
    private static final int FIN_WAIT = 2;
    private static final int TIME_WAIT = 3;
    private static final int LATER = 2;
    private static final int LONGER_THAN_TIME_WAIT = 150;
    private static final int LONGER_THAN_ESTABLISHED = 400;
    private static final int OTHER_CLIENT = Balancer.CLIENT_PORT + 1;

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private static final Composition COMPOSITION = Linked.shipped();
    private Balancer balancer;

    record Setting(Family family, boolean nat) {}

    static Stream<Setting> settings() {
        return Stream.of(Family.values()).flatMap(family -> Stream.of(new Setting(family, true), new Setting(family, false)));
    }

    private Balancer established(Setting setting) {
        balancer = new Balancer(PLANES, COMPOSITION, setting.family(), setting.nat() ? "nat" : "ipip",
                setting.nat() ? Map.of("nat_port_first", (long) PORT, "nat_port_count", 1L) : Map.of());
        balancer.request("S");
        if (setting.nat()) {
            balancer.answer("SA", PORT);
        }
        balancer.request("A");
        idle(LATER);
        balancer.request("A");
        assertState(ESTABLISHED, 0);
        return balancer;
    }

    private void idle(int ticks) {
        balancer.idle(ticks);
        balancer.idleReplies(ticks);
    }

    private void assertState(int state, int fins) {
        ConnectionWord word = balancer.connection().orElseThrow();
        assertEquals(new ConnectionWord(1, true, state, fins, word.cookie(), word.seen()), word);
        if (!balancer.replies().isEmpty()) {
            assertEquals(List.of(word), balancer.replies(), "the reply half");
        }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void aConnectionThatGoesOnAfterAResetIsWhatItWas(Setting setting) {
        try (Balancer open = established(setting)) {
            for (String reset : List.of("R", "RA")) {
                open.request(reset);
                assertState(TIME_WAIT, 0);
                open.request(reset);
                assertState(TIME_WAIT, 0);
                assertEquals("FORWARD", open.request("A"));
                assertState(ESTABLISHED, 0);
            }
            assertEquals(1, open.backendCount(1).connections(), "it is no new one");
        }
    }

    /** Who can make up the one can make up the other. A client that did send both finds its former backend as good as any. */
    @ParameterizedTest
    @MethodSource("settings")
    void aSynBehindAResetTakesNoConnectionToAnotherBackend(Setting setting) {
        try (Balancer open = established(setting)) {
            open.choose(2);
            open.request("R");
            assertEquals("FORWARD", open.request("S"));
            assertEquals("FORWARD", open.request("A"));
            assertEquals(1, open.connection().orElseThrow().backend());
            assertEquals(0, open.backendCount(2).packets());
        }
    }

    @ParameterizedTest
    @EnumSource
    void underNatBothSidesCanResetAndBothCanGoOn(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            for (String reset : List.of("R", "<R")) {
                for (String more : List.of("A", "PA", "<A", "<SA")) {
                    send(reset);
                    assertState(TIME_WAIT, 0);
                    send(more);
                    assertState(more.equals("<SA") ? TIME_WAIT : ESTABLISHED, 0);
                }
            }
            send("A");
            assertState(ESTABLISHED, 0);
        }
    }

    private void send(String packet) {
        if (packet.startsWith("<")) {
            assertEquals("REPLY", balancer.answer(packet.substring(1), PORT), packet);
        } else {
            assertEquals("FORWARD", balancer.request(packet), packet);
        }
    }

    /** Nobody can say that it is alive, and as long as nobody needs its place nothing is won by forgetting it. */
    @ParameterizedTest
    @MethodSource("settings")
    void aQuietConnectionOutlastsAResetForItsOwnTimeout(Setting setting) {
        try (Balancer open = established(setting)) {
            open.choose(2);
            open.request("R");
            idle(LONGER_THAN_TIME_WAIT);
            assertEquals("FORWARD", open.request("A"));
            assertState(ESTABLISHED, 0);
            open.request("R");
            idle(LONGER_THAN_ESTABLISHED);
            assertEquals(setting.nat() ? "PASS_OUT_OF_STATE" : "FORWARD", open.request("A"));
            assertEquals(1, open.backendCount(1).connections());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBackendThatAnswersLateStillReachesTheClient(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            open.request("R");
            idle(LONGER_THAN_TIME_WAIT);
            send("<A");
            assertState(ESTABLISHED, 0);
            open.request("R");
            idle(LONGER_THAN_ESTABLISHED);
            assertEquals("PASS_NO_LISTENER", open.answer("A", PORT));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatBothSidesHaveClosedStaysClosed(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            for (String packet : List.of("FA", "R", "A")) {
                send(packet);
            }
            assertState(FIN_WAIT, 1);
            send("<FA");
            assertState(TIME_WAIT, 3);
            send("R");
            send("A");
            assertState(TIME_WAIT, 3);
            idle(LONGER_THAN_TIME_WAIT);
            assertEquals("PASS_OUT_OF_STATE", open.request("A"));
        }
    }

    /** Before there is a connection there is nothing to protect, and three packets that anybody can make up shall not establish one. */
    @ParameterizedTest
    @MethodSource("settings")
    void aHandshakeThatWasResetIsNotTakenUp(Setting setting) {
        try (Balancer open = new Balancer(PLANES, COMPOSITION, setting.family(), setting.nat() ? "nat" : "ipip", Map.of())) {
            open.request("S");
            open.request("R");
            open.idle(LATER);
            open.request("A");
            assertEquals(TIME_WAIT, open.connection().orElseThrow().state());
        }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void aYoungConnectionIsTakenUpInALaterTick(Setting setting) {
        try (Balancer open = new Balancer(PLANES, COMPOSITION, setting.family(), setting.nat() ? "nat" : "ipip",
                setting.nat() ? Map.of("nat_port_first", (long) PORT, "nat_port_count", 1L) : Map.of())) {
            balancer = open;
            open.request("S");
            if (setting.nat()) {
                idle(-1);
                open.answer("SA", PORT);
            }
            for (String atOnce : List.of("A", "A", "R", "A")) { // in one tick, however busy the host is
                idle(-1);
                open.request(atOnce);
            }
            assertEquals(TIME_WAIT, open.connection().orElseThrow().state(), "what was on its way with the reset proves nothing");
            idle(LATER);
            open.request("A");
            assertState(ESTABLISHED, 0);
        }
    }

    /** A port whose connection has closed is given away after two ticks where there is no other; one that was reset may be in use. */
    @ParameterizedTest
    @EnumSource
    void aPortIsNotTakenFromAConnectionThatSomebodyHasReset(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            for (String reset : List.of("R", "<R")) {
                send(reset);
                idle(5);
                assertEquals("DROP_PORTS_EXHAUSTED", open.request("S", OTHER_CLIENT));
                send("A");
                assertState(ESTABLISHED, 0);
            }
            send("R");
            idle(LONGER_THAN_TIME_WAIT);
            assertEquals("FORWARD", open.request("S", OTHER_CLIENT), "after TIME_WAIT it is");
            assertEquals("PASS_OUT_OF_STATE", open.request("A"));
        }
    }
}
