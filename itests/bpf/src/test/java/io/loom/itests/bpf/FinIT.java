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
 * A FIN may be anybody's, as a reset may (ResetIT), and one side's alone ends nothing: the other may send for hours. Loom does not look at
 * sequence numbers.
 */
class FinIT {
    private static final int PORT = 20000;
    private static final int ESTABLISHED = 1;
    private static final int FIN_WAIT = 2;
    private static final int TIME_WAIT = 3;
    private static final int LATER = 2;
    private static final int SHORTER_THAN_FIN_WAIT = 50;
    private static final int LONGER_THAN_FIN_WAIT = 100;
    private static final int LONGER_THAN_ESTABLISHED = 400;
    private static final int PSH = 8;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private static final Composition COMPOSITION = Linked.shipped();
    private Balancer balancer;
    private Setting setting;

    record Setting(Family family, boolean nat) {}

    static Stream<Setting> settings() {
        return Stream.of(Family.values()).flatMap(family -> Stream.of(new Setting(family, true), new Setting(family, false)));
    }

    private Balancer established(Setting of) {
        setting = of;
        balancer = new Balancer(PLANES, COMPOSITION, of.family(), of.nat() ? "nat" : "ipip",
                of.nat() ? Map.of("nat_port_first", (long) PORT, "nat_port_count", 1L) : Map.of());
        balancer.request("S");
        if (of.nat()) {
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
        assertEquals(List.of(state, fins), List.of(word.state(), word.fins()));
        if (!balancer.replies().isEmpty()) {
            assertEquals(List.of(word), balancer.replies(), "the reply half");
        }
    }

    /** Data of the backend's. */
    private String data() {
        Anatomy answer = Twins.read(FRAMES.answer(setting.family(), "A", PORT).clone());
        answer.frame()[answer.l4() + 13] |= PSH;
        answer.sumUp();
        return balancer.run(answer.frame()).verdict();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void aClientThatGoesOnAfterAFinHasNotClosed(Setting of) {
        try (Balancer open = established(of)) {
            open.request("FA");
            assertState(FIN_WAIT, 1);
            open.request("A");
            open.request("PFA");
            assertState(FIN_WAIT, 1);
            open.request("PA");
            assertState(ESTABLISHED, 0);
            idle(LONGER_THAN_FIN_WAIT);
            assertEquals("FORWARD", open.request("A"));
            assertEquals(1, open.backendCount(1).connections(), "it is no new one");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBackendThatGoesOnAfterAFinHasNotClosed(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            open.answer("FA", PORT);
            assertState(FIN_WAIT, 2);
            open.request("PA");
            open.answer("A", PORT);
            assertState(FIN_WAIT, 2);
            assertEquals("REPLY", data());
            assertState(ESTABLISHED, 0);
        }
    }

    /** Nobody has said that it is over. Under DSR it may be, and the table names a backend for what goes on. */
    @ParameterizedTest
    @EnumSource
    void aQuietConnectionOutlastsAFinForItsOwnTimeout(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            open.choose(2);
            open.request("FA");
            idle(LONGER_THAN_FIN_WAIT);
            assertEquals("FORWARD", open.request("A"));
            assertState(FIN_WAIT, 1);
            idle(LONGER_THAN_FIN_WAIT);
            assertEquals("REPLY", open.answer("A", PORT));
            idle(LONGER_THAN_ESTABLISHED);
            assertEquals("PASS_OUT_OF_STATE", open.request("A"));
            assertEquals(0, open.backendCount(2).packets());
        }
    }

    /** The client has closed, and the backend sends for an hour: the client's acknowledgements are all that DSR sees of it. */
    @ParameterizedTest
    @MethodSource("settings")
    void aHalfClosedConnectionLivesAsLongAsTheOtherSideSends(Setting of) {
        try (Balancer open = established(of)) {
            open.choose(2);
            open.request("FA");
            for (int minute = 0; minute < 60; minute++) {
                idle(of.nat() ? LONGER_THAN_FIN_WAIT : SHORTER_THAN_FIN_WAIT);
                assertEquals(of.nat() ? "REPLY" : "FORWARD", of.nat() ? data() : open.request("A"));
                assertState(FIN_WAIT, 1);
            }
            assertEquals("FORWARD", open.request("A"));
            assertEquals(0, open.backendCount(2).packets());
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatBothSidesHaveClosedStaysClosed(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            open.request("FA");
            open.request("PA");
            open.request("FA");
            open.answer("FA", PORT);
            assertState(TIME_WAIT, 3);
            open.request("PA");
            data();
            assertState(TIME_WAIT, 3);
        }
    }

    /** A segment that is repeated after the FIN: the backend's FIN closes what the client's has closed before. */
    @ParameterizedTest
    @EnumSource
    void aConnectionWhoseDataIsRepeatedEndsInTime(Family family) {
        try (Balancer open = established(new Setting(family, true))) {
            open.request("FA");
            open.request("PA");
            open.answer("FA", PORT);
            assertState(FIN_WAIT, 2);
            idle(LONGER_THAN_ESTABLISHED);
            assertEquals("PASS_OUT_OF_STATE", open.request("A"));
        }
    }
}
