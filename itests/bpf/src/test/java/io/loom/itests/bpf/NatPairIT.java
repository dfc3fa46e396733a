package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Verdict;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What nat's two halves of a connection owe each other, and which address of Loom's a connection has. */
class NatPairIT {
    private static final int PORT = 20000;
    private static final int OTHER_CLIENT = Balancer.CLIENT_PORT + 1;
    private static final int LONGER_THAN_ANY_TIMEOUT = 1000;
    private static final int TWO_MONTHS = 5_000_000; // ticks
    private static final int XDP_TX = 3;
    private static final int XDP_REDIRECT = 4;
    private static final int ELSEWHERE = 777;
    /** Of which the tests' connections do not get the first. */
    private static final int[] MANY = IntStream.range(21, 34).toArray();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped();

    private Balancer open(Composition linked, Family family, long ports) {
        return new Balancer(PLANES, linked, family, "nat", Map.of("nat_port_first", (long) PORT, "nat_port_count", ports));
    }

    private static Anatomy anatomy(ScratchPlane.Outcome outcome) {
        assertTrue(outcome.leaves(), outcome.verdict());
        return Anatomy.read(outcome.frame()).anatomy().orElseThrow();
    }

    private static void assertHalvesAgree(Balancer balancer, String after) {
        ConnectionWord connection = balancer.connection().orElseThrow();
        assertEquals(List.of(connection), balancer.replies(), "after " + after);
    }

    @ParameterizedTest
    @EnumSource
    void bothHalvesAreTheSameAfterEachPacket(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            for (String packet : List.of("S", "<SA", "A", "<A", "FA", "<A", "<FA", "A")) {
                boolean back = packet.startsWith("<");
                assertTrue((back ? balancer.sendBack(packet.substring(1), PORT) : balancer.send(packet)).leaves(), packet);
                assertHalvesAgree(balancer, packet);
            }
        }
    }

    /** Each of them stays alive by packets of either side. */
    @ParameterizedTest
    @EnumSource
    void packetsOfOneSideKeepBothHalvesAlive(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            balancer.request("S");
            balancer.answer("SA", PORT);
            for (String packet : List.of("A", "<A")) {
                balancer.idle(20);
                balancer.idleReplies(20);
                assertEquals(packet.equals("A") ? "FORWARD" : "REPLY",
                        packet.equals("A") ? balancer.request("A") : balancer.answer("A", PORT));
                assertHalvesAgree(balancer, packet);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothHalvesExpireTogether(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            balancer.request("S");
            balancer.answer("SA", PORT);
            balancer.idle(LONGER_THAN_ANY_TIMEOUT);
            balancer.idleReplies(LONGER_THAN_ANY_TIMEOUT);
            assertHalvesAgree(balancer, "a long time");
            assertEquals("PASS_NO_LISTENER", balancer.answer("A", PORT));
            assertEquals("PASS_OUT_OF_STATE", balancer.request("A"));
        }
    }

    /** Nobody sweeps pairs, so the place may hold one that ended long ago; half the range of the clock is no limit. */
    @ParameterizedTest
    @EnumSource
    void aPairOfTwoMonthsAgoIsNoConnection(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            balancer.request("S");
            balancer.answer("SA", PORT);
            balancer.idle(TWO_MONTHS);
            balancer.idleReplies(TWO_MONTHS);
            assertEquals("FORWARD", balancer.request("S", OTHER_CLIENT));
        }
    }

    /** The backend's late packets are of the new connection as far as anybody can tell; the old client's are not. */
    @ParameterizedTest
    @EnumSource
    void aNewOwnerGetsTheRepliesAndTheOldOneTouchesNothing(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            balancer.request("S");
            balancer.answer("SA", PORT);
            balancer.idle(LONGER_THAN_ANY_TIMEOUT);
            balancer.idleReplies(LONGER_THAN_ANY_TIMEOUT);
            assertEquals("FORWARD", balancer.request("S", OTHER_CLIENT));
            List<ConnectionWord> replies = balancer.replies();
            for (String late : List.of("A", "FA", "R")) {
                assertEquals("PASS_OUT_OF_STATE", balancer.request(late), late);
            }
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.request("S"));
            assertEquals(replies, balancer.replies());
            assertEquals(OTHER_CLIENT, anatomy(balancer.sendBack("SA", PORT)).destination().port());
        }
    }

    /** Also while the old one's own half is alive, which a restart with other clocks could do. */
    @ParameterizedTest
    @EnumSource
    void aClientWhoseKeyIsTakenIsNotSentOnAsTheNewOwner(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            balancer.request("S");
            balancer.answer("SA", PORT);
            balancer.idleReplies(LONGER_THAN_ANY_TIMEOUT);
            balancer.request("S", OTHER_CLIENT);
            List<ConnectionWord> replies = balancer.replies();
            for (String late : List.of("A", "FA", "A")) {
                balancer.idle(2);
                assertEquals("PASS_OUT_OF_STATE", balancer.request(late), late);
            }
            assertEquals(replies, balancer.replies());
        }
    }

    /** Of both families, so that one program serves the tests of both. */
    private static String[] sources(int... hosts) {
        return Stream.of("198.51.100.", "3fff:1:b1:b2:b3:b4:b5:")
                .flatMap(prefix -> IntStream.of(hosts).mapToObj(host -> prefix + host)).toArray(String[]::new);
    }

    @ParameterizedTest
    @EnumSource
    void connectionsAreRefusedOnlyWhenThePortsOfAllAddressesAreTaken(Family family) {
        int[] hosts = IntStream.range(101, 116).toArray();
        try (Balancer balancer = open(Linked.withSources(sources(hosts)), family, 2)) {
            Set<Anatomy.Peer> used = new HashSet<>();
            for (int client = 0; client < 2 * hosts.length; client++) {
                assertTrue(used.add(anatomy(balancer.run(syn(family, client))).source()), "given twice: " + used);
            }
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.run(syn(family, 2 * hosts.length)).verdict());
        }
    }

    private static byte[] syn(Family family, int client) {
        Anatomy syn = Anatomy.read(new Frames().request(family, "S", Balancer.CLIENT_PORT)).anatomy().orElseThrow();
        syn.put(syn.l4(), 10_000 + client);
        syn.sumUp();
        return syn.frame();
    }

    /** A connection's packets before and after the list of addresses has changed: verdict and source. */
    private List<String> acrossAChange(Family family, int[] before, int[] after) {
        try (Balancer old = open(Linked.withSources(sources(before)), family, 1);
                Balancer next = open(Linked.withSources(sources(after)), family, 1)) {
            List<String> seen = new ArrayList<>();
            seen.add(described(old.send("S")));
            next.adopt(old);
            seen.add(described(next.send("A")));
            next.idle(2);
            seen.add(described(next.send("A")));
            return seen;
        }
    }

    /** The last number of the source's address, or the verdict of a packet that did not leave. */
    private static String described(ScratchPlane.Outcome outcome) {
        if (!outcome.leaves()) {
            return outcome.verdict();
        }
        ByteBuffer address = anatomy(outcome).source().address();
        return String.valueOf(address.get(address.limit() - 1));
    }

    private static int last(Family family, int host) {
        return family == Family.IPV4 ? host : Integer.parseInt(String.valueOf(host), 16) & 0xff;
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionKeepsItsAddressWhenOthersAreAddedBehind(Family family) {
        List<String> seen = acrossAChange(family, new int[] {21, 22}, new int[] {21, 22, 23});
        assertEquals(1, Set.copyOf(seen).size(), seen.toString());
    }

    /** As docs/adr/0007-nat-pairs.md says: the cookie is an index. */
    @ParameterizedTest
    @EnumSource
    void aConnectionFollowsItsPlaceInAListThatIsReordered(Family family) {
        List<String> seen = acrossAChange(family, new int[] {21, 22}, new int[] {22, 21});
        assertEquals(Set.of(String.valueOf(last(family, 21)), String.valueOf(last(family, 22))), Set.copyOf(seen));
        assertEquals(seen.get(1), seen.get(2));
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionWhosePlaceInTheListIsGoneIsLeftToTheLocalStack(Family family) {
        List<String> seen = acrossAChange(family, MANY, new int[] {21});
        assertEquals(List.of("PASS_OUT_OF_STATE", "PASS_OUT_OF_STATE"), seen.subList(1, 3), seen.toString());
    }

    /** Nothing is written down of its packet, and its source is asked for all the same. */
    @ParameterizedTest
    @EnumSource
    void soIsOneThatIsEstablishedAndAssured(Family family) {
        try (Balancer old = open(Linked.withSources(sources(MANY)), family, 1);
                Balancer next = open(Linked.withSources(sources(21)), family, 1)) {
            old.send("S");
            old.send("A");
            old.send("A");
            old.idle(2);
            assertEquals("FORWARD", old.send("A").verdict());
            next.adopt(old);
            assertEquals("PASS_OUT_OF_STATE", next.send("A").verdict());
        }
    }

    /** The kernel would drop the reply without a word. What comes in and leaves on one interface fits it. */
    @ParameterizedTest
    @EnumSource
    void aBackendIsToldOfAReplyThatTheClientsInterfaceIsTooSmallFor(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            balancer.devices().update(Keys.of(ELSEWHERE), Keys.of(World.IFINDEX), UpdateMode.ANY);
            for (int ifindex : new int[] {World.IFINDEX, ELSEWHERE}) {
                balancer.mtus().update(Keys.of(ifindex), Keys.of(1400), UpdateMode.ANY);
            }
            balancer.request("S");
            balancer.sendBack("SA", PORT);
            assertEquals("REPLY", balancer.run(reply(family, 1401)).verdict());
            balancer.clientsAreBehind(ELSEWHERE);
            assertEquals("REPLY", balancer.run(reply(family, 1400)).verdict());
            ScratchPlane.Outcome told = balancer.run(reply(family, 1401));
            assertEquals("ICMP_ERROR", told.verdict());
            assertEquals(XDP_TX, told.action());
            ByteBuffer error = ByteBuffer.wrap(told.frame());
            assertEquals(family == Family.IPV4 ? 0x0304 : 0x0200, error.getShort(family == Family.IPV4 ? 34 : 54), "type and code");
            assertEquals(1400, error.getShort(family == Family.IPV4 ? 40 : 60), "what fits");
            balancer.mtus().delete(Keys.of(ELSEWHERE));
            assertEquals("REPLY", balancer.run(reply(family, 1401)).verdict(), "an interface of which nothing is known");
        }
    }

    /** Of so many bytes, which may not be fragmented. */
    private static byte[] reply(Family family, int length) {
        byte[] frame = Arrays.copyOf(new Frames().answer(family, "A", PORT), 14 + length);
        ByteBuffer packet = ByteBuffer.wrap(frame);
        if (family == Family.IPV4) {
            packet.putShort(16, (short) length).put(20, (byte) 0x40);
        } else {
            packet.putShort(18, (short) (length - 40));
        }
        return frame;
    }

    /** The device map has the loopback device under another number: a test run sends nothing. */
    @ParameterizedTest
    @EnumSource
    void repliesLeaveWhereTheClientLastCameIn(Family family) {
        try (Balancer balancer = open(composition, family, 1)) {
            balancer.devices().update(Keys.of(ELSEWHERE), Keys.of(World.IFINDEX), UpdateMode.ANY);
            balancer.request("S");
            assertEquals(XDP_TX, balancer.sendBack("SA", PORT).action());
            balancer.clientsAreBehind(ELSEWHERE);
            assertEquals(XDP_REDIRECT, balancer.sendBack("A", PORT).action());
            VerdictCount replies = balancer.count(Verdict.REPLY);
            assertEquals(2, replies.packets());
            assertEquals(replies.bytesIn(), replies.bytesOut(), "what is redirected is counted too");
            balancer.idle(2);
            balancer.request("A");
            assertEquals(XDP_TX, balancer.sendBack("A", PORT).action());
            balancer.clientsAreBehind(ELSEWHERE + 1);
            assertEquals("DROP_INTERNAL", balancer.sendBack("A", PORT).verdict());
        }
    }
}
