package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.Tracking;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ports of connections to backends beside those of the host's own. */
class NatPortsTest extends DataPlaneFixture {
    private static final Path RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    private static final Path RESERVED = Path.of("/proc/sys/net/ipv4/ip_local_reserved_ports");
    private static final int FIRST = 50_000;
    private static final int XDP_TX = 3;
    private static final int XDP_REDIRECT = 4;
    private static final int CLIENT = 40000;

    @AfterEach
    void asItWas() throws IOException {
        range("32768 60999");
        reserved("");
    }

    private static void range(String ports) throws IOException {
        Files.writeString(RANGE, ports);
    }

    private static void reserved(String ports) throws IOException {
        Files.writeString(RESERVED, ports + "\n");
    }

    private static int port(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getShort(at) & 0xffff;
    }

    private int source(BpfProgram.TestRun run) {
        assertEquals(XDP_REDIRECT, run.result());
        return port(run.frame(), 34);
    }

    /** Of new connections from these ports of the client on. */
    private IntSummaryStatistics given(int first) {
        return IntStream.range(first, first + 64).map(client -> source(runSyn(client))).summaryStatistics();
    }

    /** The answer of the backend to the frame that it was sent. */
    private static int answer(byte[] sent) {
        String addresses = HexFormat.of().formatHex(sent, 30, 34) + HexFormat.of().formatHex(sent, 26, 30);
        String ports = HexFormat.of().formatHex(sent, 36, 38) + HexFormat.of().formatHex(sent, 34, 36);
        return run(ROOT.resolve("prog"), "020000000001020000000111080045000028000100004006" + "0000" + addresses + ports
                + "000003e80000000150" + "12" + "20000000" + "0000").result();
    }

    @Test
    void theHostsOwnRangeIsFollowedWhileConnectionsLive() throws Exception {
        balance(plane);
        byte[] sent = runSyn(CLIENT).frame();
        assertTrue(given(20000).getMax() > 9999, "ports of the whole range, so that this one tells the two apart");
        int before = plane.program().id();
        range("10000 65000");
        await("a program that goes by it", () -> plane.program().id() != before);
        IntSummaryStatistics next = given(21000);
        assertTrue(next.getMax() < 10000 && next.getMin() >= 1024, next::toString);
        moved(now(), now()); // so that a route says where the client is, however long ago the start was
        assertEquals(XDP_REDIRECT, answer(sent), "a connection from before");
        assertEquals(port(sent, 34), source(runAck(CLIENT)), "keeps its port");
    }

    @Test
    void aRangeThatLeavesNothingIsInStatusUntilItIsChanged() throws Exception {
        range("1024 65535");
        await("a warning", () -> codes().contains("LOOM-1271"));
        balance(plane);
        assertEquals(XDP_REDIRECT, runSyn(CLIENT).result());
        range("32768 60999");
        await("none", () -> !codes().contains("LOOM-1271"));
    }

    private static Set<Integer> taken() {
        Set<Integer> ports = new HashSet<>();
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/nat_taken"))) {
            map.forEach((key, value) -> BitSet.valueOf(value).stream().forEach(bit -> ports.add(Keys.number(key) * 64 + bit)));
        }
        return ports;
    }

    /** nat has 64 ports, of which servers have half, and a vip at the address that connections leave from has one. */
    @Test
    void portsThatSomebodyHasOnThisHostAreNotGivenAway() throws Exception {
        int before = plane.program().id();
        reserved(FIRST + "-" + (FIRST + 63));
        range("1024 65535");
        await("a program that goes by it", () -> plane.program().id() != before);
        List<ServerSocket> servers = new ArrayList<>();
        try {
            for (int port = FIRST; port < FIRST + 32; port++) {
                servers.add(new ServerSocket(port));
            }
            balance(plane);
            await("servers are seen", () -> taken().containsAll(IntStream.range(FIRST, FIRST + 32).boxed().toList()));
            byte[] sent = runSyn(CLIENT).frame();
            String own = InetAddress.getByAddress(Arrays.copyOfRange(sent, 26, 30)).getHostAddress();
            int vip = port(sent, 34) == FIRST + 40 ? FIRST + 41 : FIRST + 40;
            plane.apply(new Change.PutListener(TestHost.tcp(own, vip), TestHost.spec(TABLE, false)));
            Set<Integer> given = IntStream.range(20_000, 20_200).mapToObj(this::runSyn).filter(run -> run.result() == XDP_REDIRECT)
                    .map(run -> port(run.frame(), 34)).collect(Collectors.toCollection(TreeSet::new));
            assertTrue(given.size() > 16, given::toString);
            assertTrue(given.stream().allMatch(port -> port >= FIRST + 32 && port < FIRST + 64 && port != vip), given::toString);
        } finally {
            for (ServerSocket server : servers) {
                server.close();
            }
        }
        await("they have gone", () -> taken().stream().noneMatch(port -> port >= FIRST && port < FIRST + 32));
    }

    /** A vip, or a port that passes, comes to where a connection leaves from. */
    @Test
    void aListenerThatComesToAPortOfAConnectionTakesNoneOfItsReplies() throws Exception {
        balance(plane);
        byte[] sent = runSyn(CLIENT).frame();
        String own = InetAddress.getByAddress(Arrays.copyOfRange(sent, 26, 30)).getHostAddress();
        ListenerKey late = TestHost.tcp(own, port(sent, 34));
        for (Guard guard : List.of(Guard.NONE, Guard.PASS)) {
            assertTrue(leaves(answer(sent)));
            plane.apply(new Change.PutListener(late, new ListenerSpec(TABLE, false, Tracking.FULL, false, false, false, guard)));
            assertTrue(leaves(answer(sent)), guard::toString);
            plane.apply(new Change.RemoveListener(late));
        }
    }

    /** Where the client is a route says, or its own packets. */
    private static boolean leaves(int action) {
        return action == XDP_REDIRECT || action == XDP_TX;
    }

    private List<String> codes() {
        return plane.problems().stream().map(Problem::code).toList();
    }
}
