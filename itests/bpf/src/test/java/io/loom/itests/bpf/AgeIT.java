package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.datapath.Composition;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.ConnectionWord;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What assures a connection, and what one that begins anew has of the one before: nothing. */
class AgeIT {
    private static final int FIN_WAIT = 2;
    private static final int SYN_RECEIVED = 4;
    private static final int BY_THE_CLIENT = 1;
    private static final int A_LATER_TICK = 2;
    private static final int STEP = Tuning.small(Linked.HZ).step();
    /** Ticks that the clock may go on meanwhile. */
    private static final int MARGIN = 3;

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped();

    private Balancer open(Family family) {
        return new Balancer(PLANES, composition, family, "ipip", Map.of());
    }

    private static boolean isAssuredBy(Balancer balancer, String flags) {
        balancer.idle(A_LATER_TICK);
        assertEquals("FORWARD", balancer.request(flags));
        return balancer.connection().orElseThrow().assured();
    }

    /** A handshake can be made up, at any pace; whatever follows it can not. */
    @ParameterizedTest
    @EnumSource
    void onlyWhatFollowsAHandshakeAssures(Family family) {
        try (Balancer balancer = open(family)) {
            balancer.request("S");
            assertEquals(false, isAssuredBy(balancer, "S"), "the SYN again");
            assertEquals(false, isAssuredBy(balancer, "A"), "the end of the handshake");
            assertEquals(false, isAssuredBy(balancer, "S"), "a late SYN");
            assertEquals(true, isAssuredBy(balancer, "A"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetThatComesLaterAssuresAsAnySegmentDoes(Family family) {
        try (Balancer balancer = open(family)) {
            balancer.request("S");
            balancer.request("A");
            assertEquals(true, isAssuredBy(balancer, "RA"));
        }
    }

    /** Of a flow of datagrams DatagramIT has the same. */
    @ParameterizedTest
    @EnumSource
    void theClockOfAnEstablishedConnectionThatIsAssuredIsWrittenOnceAStep(Family family) {
        try (Balancer balancer = open(family)) {
            balancer.request("S");
            balancer.request("A");
            balancer.request("A");
            assertEquals(true, isAssuredBy(balancer, "A"));
            int written = balancer.connection().orElseThrow().seen();
            balancer.idle(STEP - MARGIN);
            balancer.request("A");
            assertEquals(written - (STEP - MARGIN), balancer.connection().orElseThrow().seen(), "too soon to write");
            balancer.idle(MARGIN);
            balancer.request("A");
            assertEquals(true, balancer.connection().orElseThrow().seen() >= written, "the next step has begun");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatLosesItsBackendBeginsAnewInEverything(Family family) {
        try (Balancer balancer = open(family)) {
            balancer.request("S");
            balancer.request("A");
            assertEquals(true, isAssuredBy(balancer, "FA"));
            ConnectionWord before = balancer.connection().orElseThrow();
            assertEquals(new ConnectionWord(1, true, FIN_WAIT, BY_THE_CLIENT, 0, before.seen()), before);
            balancer.backendIsGone(1);
            balancer.choose(2);
            assertEquals("FORWARD", balancer.request("A"));
            ConnectionWord after = balancer.connection().orElseThrow();
            assertEquals(new ConnectionWord(2, false, SYN_RECEIVED, 0, 0, after.seen()), after);
        }
    }
}
