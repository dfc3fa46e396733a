package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A standby with the same vips on backend3, on a segment that floods: the bridge learns nothing, so that each host sees every frame.
 * What is not for the standby must be none of its business, or clients get two answers, or none.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StandbyIT extends LabTest {
    private static final String STANDBY = "backend3";
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int REQUESTS = 60;
    private static final List<Way> WAYS = Way.all().stream()
            .filter(way -> !way.keep() && !way.crossing() && !way.forwarding().equals("gue")).toList();
    private static final String VIRTUAL = "00:00:5e:00:01:0a";
    private static final String CHANGED = "02:00:0a:4d:00:22";
    /** Sends a datagram on its last hop, and counts the errors that say so. */
    private static final String LAST_HOP = """
            import socket, sys, time
            family, _, _, _, address = socket.getaddrinfo(sys.argv[1], 53, type=socket.SOCK_DGRAM)[0]
            four = family == socket.AF_INET
            errors = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP if four else socket.IPPROTO_ICMPV6)
            errors.settimeout(0.1)
            sender = socket.socket(family, socket.SOCK_DGRAM)
            if four:
                sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
            else:
                sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
            sender.sendto(b"x" * 40, address)
            seen, end = 0, time.time() + 1
            while time.time() < end:
                try:
                    message = errors.recv(4096)
                    seen += message[20] == 11 if four else message[0] == 3
                except socket.timeout:
                    pass
            print(seen)
            """;

    private Loomd standby;
    private Rest standbyRest;

    StandbyIT() {
        super("standby");
    }

    @BeforeAll
    void start() throws IOException {
        startWith(configuration(true, ""));
        lab.on("segment", "ip", "link", "set", "br0", "type", "bridge", "ageing_time", "0").succeeded();
        lab.on(STANDBY, "ip", "link", "set", "dev", "eth0", "xdpdrv", "off").succeeded();
        standby = Loomd.standby(lab, STANDBY);
        standby.configure(configuration(false, ""));
        standby.start();
        standbyRest = new Rest(lab, STANDBY);
        Await.until("the standby's vips are well", LIMIT, () -> standbyRest.allVips(vip -> vip.path("degraded").isEmpty()), standbyRest::vips);
    }

    @AfterAll
    void stop() {
        if (standby != null) {
            standby.close();
        }
    }

    static List<Way> ways() {
        return WAYS;
    }

    /** Two backends, neither of which is the standby's host. @param assign whether the addresses are put on the interface */
    private static String configuration(boolean assign, String more) {
        String vips = WAYS.stream().map(way -> "    - {name: " + way + ", addresses: \"" + way.address() + "\", protocol: [tcp, udp], ports: ["
                + "80, 53], forwarding: " + way.forwarding() + ", assign: " + assign + ", upstream: " + (way.ipv6() ? "six" : "four") + "}\n")
                .collect(Collectors.joining());
        return Way.configuration(more, vips).replaceAll("(?s)  health_integration.*", "") + """
                upstreams:
                  - name: four
                    health_check: %1$s
                    servers: [{address: 10.77.0.11, port: 80}, {address: 10.77.0.12, port: 80}]
                  - name: six
                    health_check: %1$s
                    servers: [{address: "fd77::11", port: 80}, {address: "fd77::12", port: 80}]
                """.formatted(Configurations.HEALTH_CHECK);
    }

    @ParameterizedTest
    @MethodSource("ways")
    @Order(1)
    void everyRequestIsAnswered(Way way) {
        Visits visits = Visits.burst(lab, way.address(), 80, REQUESTS);
        assertEquals(0, visits.failures(), visits::firstFailure);
        assertEquals(REQUESTS, visits.total());
    }

    @ParameterizedTest
    @MethodSource("ways")
    @Order(2)
    void aDatagramIsForwardedOnce(Way way) {
        assertEquals(1, datagrams(way));
    }

    /** How often the two of them have sent one datagram to a backend: one that goes round on the segment is sent again and again. */
    private long datagrams(Way way) {
        double before = forwarded();
        lab.on("client", "python3", "-c", "import socket, sys; socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, "
                + "socket.SOCK_DGRAM).sendto(b'?', (sys.argv[1], 53))", way.address()).succeeded();
        Await.until("it is forwarded", LIMIT, () -> forwarded() > before, this::forwarded);
        Await.pause(Duration.ofMillis(500));
        return Math.round(forwarded() - before);
    }

    private double forwarded() {
        return rest.metrics().get(verdict("forward")) + standbyRest.metrics().get(verdict("forward"));
    }

    @ParameterizedTest
    @MethodSource("ways")
    @Order(3)
    void aPingIsAnsweredOnceAndSoIsAPacketOnItsLastHop(Way way) {
        String pinged = lab.on("client", "ping", "-c", "5", "-i", "0.2", "-W", "2", way.address()).succeeded();
        assertTrue(pinged.contains("5 received") && !pinged.contains("DUP"), pinged);
        assertEquals("1", lab.on("client", "python3", "-c", LAST_HOP, way.address()).succeeded().trim());
    }

    @Test
    @Order(4)
    void theStandbyHasSeenItAllAndDoneNothing() {
        Map<String, Double> seen = standbyRest.metrics();
        for (String reason : List.of("forward", "reply", "echo", "icmp_error")) {
            assertEquals(0.0, seen.get(verdict(reason)), reason);
        }
        assertTrue(seen.get(verdict("pass_other_station")) > REQUESTS * WAYS.size(), seen::toString);
        tell("the standby let %.0f frames pass", seen.get(verdict("pass_other_station")));
    }

    @Test
    @Order(5)
    void aVirtualRoutersAddressIsOursOnceItIsNamed() {
        Way way = WAYS.get(0);
        lab.on("client", "ip", "neigh", "replace", way.address(), "lladdr", VIRTUAL, "dev", "eth0", "nud", "permanent").succeeded();
        try {
            assertEquals(REQUESTS / 20, Visits.burst(lab, way.address(), 80, REQUESTS / 20).failures(), "nobody has that address");
            loomd.configure(configuration(true, "    accept_macs: [\"" + VIRTUAL + "\"]\n"));
            Await.until("a request is answered", LIMIT, () -> Visits.burst(lab, way.address(), 80, 1).failures() == 0, rest::vips);
            assertEquals(0, Visits.burst(lab, way.address(), 80, REQUESTS).failures());
            loomd.configure(configuration(true, ""));
            Await.until("nobody has it again", LIMIT, () -> Visits.burst(lab, way.address(), 80, 1).failures() == 1, rest::vips);
        } finally {
            lab.on("client", "ip", "neigh", "del", way.address(), "dev", "eth0").succeeded();
        }
    }

    @Test
    @Order(6)
    void anotherMacAddressOfTheInterfaceIsFollowed() {
        String before = lab.on("balancer", "cat", "/sys/class/net/eth0/address").succeeded().trim();
        double others = rest.metrics().get(verdict("pass_other_station"));
        lab.on("balancer", "sysctl", "-qw", "net.ipv4.conf.eth0.arp_notify=1", "net.ipv6.conf.eth0.ndisc_notify=1").succeeded();
        for (String mac : List.of(CHANGED, before)) {
            lab.on("balancer", "ip", "link", "set", "eth0", "address", mac).succeeded();
            lab.on("client", "ip", "neigh", "flush", "dev", "eth0").succeeded();
            Lab.BACKENDS.forEach(backend -> lab.on(backend, "ip", "neigh", "flush", "dev", "eth0").succeeded());
            Await.until("requests reach it at " + mac, LIMIT, () -> WAYS.stream().allMatch(
                    way -> Visits.burst(lab, way.address(), 80, 2).failures() == 0), rest::vips);
            WAYS.forEach(way -> assertEquals(0, Visits.burst(lab, way.address(), 80, REQUESTS).failures()));
        }
        lab.on("client", "ip", "neigh", "replace", Lab.VIP4, "lladdr", CHANGED, "dev", "eth0", "nud", "permanent").succeeded();
        lab.on("client", "ping", "-c", "1", "-W", "1", Lab.VIP4);
        assertTrue(rest.metrics().get(verdict("pass_other_station")) > others, "the former address is another station's");
    }

    private static String verdict(String reason) {
        return "loom_ebpf_verdicts_total{reason=\"" + reason + "\"}";
    }
}
