package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.loom.api.Family;
import io.loom.datapath.internal.layout.ConnectionWord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which port a connection gets under nat where few are free, and that it keeps it: what the backend has kept of it decides. */
class PortReuseIT {
    private static final int FIRST = 20000;
    private static final int ESTABLISHED = 1;
    private static final int TIME_WAIT = 3;
    private static final int SYN_RECEIVED = 4;
    private static final int CLIENT_CLOSED_FIRST = 1;
    private static final int SERVER_CLOSED_FIRST = 2;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private Balancer withPorts(Family family, int count) {
        return new Balancer(PLANES, Linked.shipped(), family, "nat",
                Map.of("nat_port_first", (long) FIRST, "nat_port_count", (long) count));
    }

    private static byte[] request(Family family, int client, String flags) {
        return Twins.withPorts(FRAMES.request(family, flags, Balancer.CLIENT_PORT), client, 80);
    }

    private static int port(Balancer balancer, byte[] frame) {
        return Twins.read(balancer.run(frame).frame()).source().port();
    }

    /** A client whose hash names a port that another one has; it gets another port. */
    private static int second(Balancer balancer, Family family, int ports) {
        int named = NatPorts.picked(family, Balancer.CLIENT_PORT, 0, ports);
        assertEquals(FIRST + named, port(balancer, request(family, Balancer.CLIENT_PORT, "S")));
        return IntStream.range(Balancer.CLIENT_PORT + 1, 65_536)
                .filter(client -> NatPorts.picked(family, client, 0, ports) == named).findFirst().orElseThrow();
    }

    /** The backend has the port in TIME-WAIT, and answers the SYN by an ACK; the client resets that, and tries again. */
    @ParameterizedTest
    @CsvSource({"IPV4, 3", "IPV6, 3", "IPV4, 64", "IPV6, 64"})
    void aSynThatIsRepeatedAfterAResetLeavesFromThePortThatTheResetHasFreed(Family family, int ports) {
        try (Balancer balancer = withPorts(family, ports)) {
            int client = second(balancer, family, ports);
            int port = port(balancer, request(family, client, "S"));
            assertNotEquals(FIRST + NatPorts.picked(family, client, 0, ports), port, "it would get that anyway");
            assertEquals("REPLY", balancer.run(Twins.withPorts(FRAMES.answer(family, "A", FIRST), 8080, port)).verdict());
            assertEquals(port, port(balancer, request(family, client, "R")));
            balancer.idleReplies(1);
            assertEquals(port, port(balancer, request(family, client, "S")), "its own");
        }
    }

    /** Whatever became of others' ports in between. */
    @ParameterizedTest
    @EnumSource
    void aSynThatIsRepeatedKeepsItsPort(Family family) {
        try (Balancer balancer = withPorts(family, 3)) {
            int client = second(balancer, family, 3);
            int port = port(balancer, request(family, client, "S"));
            balancer.idleReplies(1);
            assertEquals(port, port(balancer, request(family, client, "S")));
            balancer.run(request(family, Balancer.CLIENT_PORT, "R"));
            balancer.idle(1);
            balancer.idleReplies(20);
            assertEquals(port, port(balancer, request(family, client, "S")));
        }
    }

    /** Where backends take turns, the next try is for the one whose port was freed. */
    @ParameterizedTest
    @EnumSource
    void aSynThatIsRepeatedAfterAResetGoesToTheSameBackend(Family family) {
        try (Balancer balancer = withPorts(family, 64)) {
            balancer.rotate(1, 2);
            balancer.request("S");
            int backend = balancer.connection().orElseThrow().backend();
            for (int attempt = 0; attempt < 3; attempt++) {
                balancer.request("R");
                balancer.request("S");
                assertEquals(backend, balancer.connection().orElseThrow().backend());
            }
        }
    }

    /** Neither as the one that a flow's hash names, nor as one that is found. */
    @ParameterizedTest
    @EnumSource
    void aPortThatSomebodyHasOnThisHostIsGivenToNobody(Family family) {
        try (Balancer balancer = withPorts(family, 8)) {
            balancer.portsAtHome(FIRST, FIRST + 1, FIRST + 2, FIRST + 3, FIRST + 6, 65535);
            Set<Integer> given = new TreeSet<>();
            for (int client = 0; client < 3; client++) {
                given.add(port(balancer, request(family, Balancer.CLIENT_PORT + client, "S")) - FIRST);
            }
            assertEquals(Set.of(4, 5, 7), given);
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.run(request(family, Balancer.CLIENT_PORT + 3, "S")).verdict());
            balancer.portsAtHome();
            int port = port(balancer, request(family, Balancer.CLIENT_PORT + 3, "S"));
            balancer.portsAtHome(port);
            assertEquals("REPLY", balancer.run(Twins.withPorts(FRAMES.answer(family, "SA", FIRST), 8080, port)).verdict(), "its own before");
            assertEquals(port, port(balancer, request(family, Balancer.CLIENT_PORT + 3, "A")), "it keeps that");
        }
    }

    /** What a place says of its owner. */
    private static long owned(long word, int state, int fins, int idle) {
        ConnectionWord now = ConnectionWord.decode(Connections.aged(word, idle));
        return new ConnectionWord(now.backend(), state == ESTABLISHED, state, fins, now.cookie(), now.seen()).encode();
    }

    /** All ports are owned; the owners of those that follow each other have ended in these ways. */
    private static void own(Balancer balancer, NatPairs pairs, Family family, int ports) {
        for (int client = 50_000; pairs.words().size() < ports; client++) {
            balancer.run(request(family, client, "S"));
        }
        pairs.replace(word -> switch (ConnectionWord.decode(word).cookie() - FIRST) {
            case 0 -> owned(word, ESTABLISHED, 0, 100);
            case 1 -> owned(word, TIME_WAIT, SERVER_CLOSED_FIRST, 50);
            case 2 -> owned(word, TIME_WAIT, SERVER_CLOSED_FIRST, 40);
            case 3 -> owned(word, SYN_RECEIVED, 0, 10);
            case 4 -> owned(word, SYN_RECEIVED, 0, 20);
            case 5 -> owned(word, TIME_WAIT, CLIENT_CLOSED_FIRST, 4);
            case 6 -> owned(word, TIME_WAIT, 0, 3);
            default -> owned(word, TIME_WAIT, 0, 1);
        });
    }

    /** First those that neither end keeps, then what nobody has shown to be there, at last what the backend keeps. */
    @ParameterizedTest
    @EnumSource
    void portsAreGivenAwayByWhatTheBackendKeepsAndThenByAge(Family family) {
        int ports = 8;
        try (Balancer balancer = withPorts(family, ports)) {
            own(balancer, balancer.pairs(), family, ports);
            List<Integer> given = new ArrayList<>();
            // Of another address than the owners', whose ports it could use again sooner.
            for (int client = 0; client < 6; client++) {
                given.add(port(balancer, stranger(family, client)) - FIRST);
            }
            assertEquals(List.of(6, 5, 4, 3, 1, 2), given);
            assertEquals("DROP_PORTS_EXHAUSTED", balancer.run(stranger(family, 6)).verdict());
        }
    }

    private static byte[] stranger(Family family, int client) {
        byte[] syn = request(family, 51_000 + client, "S");
        byte[] address = new byte[family.addressBytes()];
        Twins.read(syn).source().address().get(address);
        address[address.length - 1] ^= 1;
        return Twins.withSource(syn, address);
    }

    /** Its timestamps are later than what the backend has seen there (RFC 6191). */
    @ParameterizedTest
    @EnumSource
    void aClientGetsAPortThatItHadBeforeAnOlderOneOfAnother(Family family) {
        try (Balancer balancer = withPorts(family, 2)) {
            int first = port(balancer, request(family, Balancer.CLIENT_PORT, "S"));
            int other = port(balancer, stranger(family, 0));
            assertNotEquals(first, other);
            balancer.pairs().replace(word -> owned(
                    word, TIME_WAIT, SERVER_CLOSED_FIRST, ConnectionWord.decode(word).cookie() == first ? 10 : 50));
            int client = IntStream.range(55_000, 56_000)
                    .filter(any -> NatPorts.picked(family, any, 0, 2) == other - FIRST).findFirst().orElseThrow();
            assertEquals(first, port(balancer, request(family, client, "S")));
        }
    }
}
