package io.loom.itests.bpf;

import static io.loom.itests.bpf.OwnNetwork.shell;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.libbpf.UpdateMode;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Where nat's replies go after neighbours or interfaces have changed. The client comes in on loopback, as test runs do; the route
 * to it leads to a veth, for packets from the vip alone. Here the test tells of changes; MovesTest has the control plane do it.
 */
class NatMovedIT {
    private static final int PORT = 20000;
    private static final int XDP_TX = 3;
    private static final int XDP_REDIRECT = 4;
    private static final String ROUTER = "02:00:00:00:00:aa";
    private static final String OWN = "02:00:00:00:00:bb";
    private static final int LONG_AGO = 1000;
    /** Ticks for which a change is doubted; a connection that goes on writes its clock more often. */
    private static final int DOUBT = 64;

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private final Composition composition = Linked.shipped();
    private Balancer balancer;
    private int routed;
    /** How replies leave if nothing has changed. */
    private Way learned;

    private record Way(int action, String mac) {}

    private interface Body {
        void run() throws Exception;
    }

    @ParameterizedTest
    @EnumSource
    void aReplyGoesTheRoutesWayWhenInterfacesHaveChangedAndLaterOnesToo(Family family) throws Exception {
        withRoute(family, () -> {
            assertEquals(learned, reply(0, LONG_AGO, LONG_AGO));
            assertEquals(XDP_TX, learned.action());
            assertEquals(new Way(XDP_REDIRECT, ROUTER + ":" + OWN), reply(0, LONG_AGO, 0));
            assertEquals(new Way(XDP_REDIRECT, ROUTER + ":" + OWN), reply(0, LONG_AGO, LONG_AGO), "it is remembered");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aNeighboursChangeLeavesAClientOnItsInterface(Family family) throws Exception {
        withRoute(family, () -> {
            assertEquals(learned, reply(0, 0, LONG_AGO), "the route is that of another interface");
            balancer.clientsAreBehind(routed);
            assertEquals(new Way(XDP_REDIRECT, learned.mac()), reply(0, LONG_AGO, LONG_AGO));
            assertEquals(new Way(XDP_REDIRECT, ROUTER + ":" + OWN), reply(0, 0, LONG_AGO));
            assertEquals(new Way(XDP_REDIRECT, ROUTER + ":" + OWN), reply(0, LONG_AGO, LONG_AGO), "it is remembered");
        });
    }

    @ParameterizedTest
    @EnumSource
    void withoutANeighbourTheRouteTellsTheInterfaceAlone(Family family) throws Exception {
        withRoute(family, () -> {
            shell("ip neigh flush dev routed nud permanent");
            assertEquals(learned, reply(0, 0, LONG_AGO));
            balancer.clientsAreBehind(routed);
            assertEquals(new Way(XDP_REDIRECT, learned.mac()), reply(0, 0, LONG_AGO));
            balancer.clientsAreBehind(World.IFINDEX);
            assertEquals(new Way(XDP_REDIRECT, learned.mac()), reply(0, LONG_AGO, 0));
            assertEquals(new Way(XDP_REDIRECT, learned.mac()), reply(0, LONG_AGO, LONG_AGO), "it is remembered");
        });
    }

    @ParameterizedTest
    @EnumSource
    void withoutARouteAReplyGoesWhereTheClientCameIn(Family family) throws Exception {
        withRoute(family, () -> {
            shell("ip link set routed down");
            assertEquals(learned, reply(0, 0, 0));
        });
    }

    /** What was written since has been learned since. */
    @ParameterizedTest
    @EnumSource
    void aChangeBeforeTheLastFrameOfTheClientIsKnownAlready(Family family) throws Exception {
        withRoute(family, () -> {
            assertEquals(learned, reply(10, LONG_AGO, 11));
            assertEquals(learned, reply(10, 11, LONG_AGO));
            assertEquals(new Way(XDP_REDIRECT, ROUTER + ":" + OWN), reply(10, LONG_AGO, 10), "in the tick of the frame");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aChangeIsDoubtedForSomeTime(Family family) throws Exception {
        withRoute(family, () -> {
            assertEquals(learned, reply(DOUBT, LONG_AGO, DOUBT));
            assertEquals(new Way(XDP_REDIRECT, ROUTER + ":" + OWN), reply(DOUBT, LONG_AGO, DOUBT - 1));
        });
    }

    private void withRoute(Family family, Body body) throws Exception {
        OwnNetwork.run(() -> {
            routed = addRoute(family);
            Map<String, Long> onePort = Map.of("nat_port_first", (long) PORT, "nat_port_count", 1L);
            try (Balancer opened = new Balancer(PLANES, composition, family, "nat", onePort)) {
                balancer = opened;
                balancer.devices().update(Keys.of(routed), Keys.of(routed), UpdateMode.ANY);
                balancer.mtus().update(Keys.of(routed), Keys.of(World.MTU), UpdateMode.ANY);
                balancer.request("S");
                balancer.answer("SA", PORT);
                balancer.request("A");
                learned = reply(0, LONG_AGO, LONG_AGO);
                body.run();
            }
            return null;
        });
    }

    /** Returns the number of the interface. */
    private static int addRoute(Family family) throws Exception {
        String ip = "ip -" + family.version() + " ";
        boolean four = family == Family.IPV4;
        String net = four ? "10.0.0." : "2001:db8:99::";
        shell("ip link add routed address " + OWN + " type veth peer name other; ip link set routed up; ip link set other up; "
                + ip + "addr add " + net + (four ? "1/24" : "1/64 nodad") + " dev routed; "
                + ip + "neigh add " + net + "2 lladdr " + ROUTER + " dev routed nud permanent; "
                + ip + "route add " + (four ? "203.0.113.0/24" : "3fff:2::/32") + " via " + net + "2 table 100; "
                + ip + "rule add from " + World.vip(family).address().getHostAddress() + " lookup 100");
        return Integer.parseInt(shell("ip -o link show routed | cut -d: -f1"));
    }

    /** A reply so many ticks after the connection's last packet, the latest change of a neighbour and that of an interface. */
    private Way reply(int idle, int neighbour, int device) {
        return Clock.inOneTick(now -> {
            balancer.idleReplies(balancer.replies().get(0).seen() - now + idle);
            balancer.moved(now - neighbour, now - device);
            ScratchPlane.Outcome reply = balancer.sendBack("A", PORT);
            assertEquals("REPLY", reply.verdict());
            return new Way(reply.action(), HexFormat.ofDelimiter(":").formatHex(Arrays.copyOf(reply.frame(), 12)));
        });
    }
}
