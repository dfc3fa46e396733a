package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What ICMP is for: senders learn which packets fit their way through a vip, and ping is answered. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PathMtuIT extends LabTest {
    private static final long BYTES = 10_000_000;
    private static final long SMALL_BYTES = 100_000;
    private static final int HOP = 1400;
    /** Asks for the text of whoami.lab in 2000 bytes, padded (RFC 7830), in fragments that may be fragmented; again until it is answered. */
    private static final String LARGE_QUESTION = """
            import socket, struct, sys
            family, _, _, _, address = socket.getaddrinfo(sys.argv[1], 53, type=socket.SOCK_DGRAM)[0]
            client = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET:
                client.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER, IP_PMTUDISC_DONT: without "don't fragment"
            client.connect(address)
            client.settimeout(1)
            asked = struct.pack("!6H", 7, 0x100, 1, 0, 0, 1) + b"\\6whoami\\3lab\\0" + struct.pack("!2H", 16, 1)
            asked += b"\\0" + struct.pack("!2HI3H", 41, 4096, 0, 1957, 12, 1953) + bytes(1953)
            for _ in range(15):
                try:
                    client.send(asked)
                    print(len(asked), client.recv(4096)[-100:].decode("latin1"))
                    break
                except OSError:  # too big, or no answer
                    pass
            """;
    private static final Pattern MTU = Pattern.compile(" mtu (\\d+)");
    /** What a packet grows by on its way to an IPv4 and to an IPv6 backend. */
    private static final Map<String, List<Integer>> OVERHEADS = Map.of("ipip", List.of(20, 40), "gue", List.of(28, 48));

    PathMtuIT() {
        super("mtu");
    }

    @BeforeAll
    void start() {
        startWith(Way.configuration("maglev"));
        lab.addFarClient();
    }

    static List<Way> ways() {
        return Way.all();
    }

    static List<Way> tunnels() {
        return Way.all().stream().filter(way -> OVERHEADS.containsKey(way.forwarding())).toList();
    }

    private double counted(String reason) {
        return rest.metrics().get("loom_ebpf_verdicts_total{reason=\"" + reason + "\"}");
    }

    @ParameterizedTest
    @MethodSource("ways")
    @Order(1)
    void pingOfAVipIsAnsweredByTheDataPlane(Way way) {
        double before = counted("echo");
        lab.on("client", "ping", "-c", "3", "-i", "0.2", "-W", "2", way.address()).succeeded();
        lab.on("client", "ping", "-c", "3", "-i", "0.2", "-W", "2", "-s", "1400", way.address()).succeeded();
        assertEquals(6, counted("echo") - before, "echoes that the program counted");
    }

    /** A router tells the vip that the backend's packets are too big: the backend must hear of it, or the download stands still. */
    @ParameterizedTest
    @MethodSource("ways")
    @Order(2)
    void aBackendLearnsOfASmallerHopOnTheWayToTheClient(Way way) {
        forgetPaths();
        String answer = lab.on("far", "curl", "-sS", "-g", "--fail-with-body", "--max-time", "30", "-r", "0-" + (BYTES - 1), "-o",
                "/dev/null", "-w", "%{size_download} %header{x-backend}", way.url("/bulk")).succeeded().trim();
        String[] parts = answer.split(" ");
        assertEquals("" + BYTES, parts[0], answer);
        assertEquals(HOP, learned(way, parts[1]), "what " + parts[1] + " knows of the path to " + peer(way));
        assertEquals(BYTES, upload("far", way), "the way there has the hop too, and the client hears of it itself");
        tell("%s: %s learned that %d bytes fit", way, parts[1], HOP);
    }

    /** Over IPv6 routers fragment nothing: what the backend cut for its own link is quoted by the router as the fragment that it is. */
    @ParameterizedTest
    @MethodSource("ways")
    @Order(3)
    void aDatagramInFragmentsReachesAClientBehindASmallerHop(Way way) {
        forgetPaths();
        Await.until("an answer of 3.9 kB", Duration.ofSeconds(15), () -> lab.on("far", "dig", "@" + way.address(), "+short", "+notcp", "+ignore",
                "+bufsize=8192", "+tries=1", "+time=1", "large.lab", "TXT").output().length() > 3800, rest::metrics);
    }

    /** Packets from a kept client's backend have a route of their own, and what is known of paths belongs to routes. */
    private int learned(Way way, String backend) {
        String source = Way.network(way.upstream("").replaceAll("^web", "")) + "1" + backend.charAt(backend.length() - 1);
        return way.keep() ? mtu(backend, peer(way), "from", source) : mtu(backend, peer(way));
    }

    /** Whom the backend sends its packets to: under nat it sees Loom in the client's place, unless the client is kept. */
    private static String peer(Way way) {
        boolean loom = way.forwarding().equals("nat") && !way.keep();
        return loom ? (way.ipv6() ? "fd77::2" : "10.77.0.2") : way.ipv6() ? "fd74::1" : "10.74.0.1";
    }

    /** The backends do not say that outer headers take room: Loom must, of the packets that do not fit. */
    @ParameterizedTest
    @MethodSource("tunnels")
    @Order(4)
    void aClientLearnsOfTheRoomThatOuterHeadersTake(Way way) {
        for (String backend : Lab.BACKENDS) {
            lab.on(backend, "ip", "route", "change", "10.77.0.0/24", "dev", "eth0", "src", Lab.address4(backend)).succeeded();
            lab.on(backend, "ip", "-6", "route", "change", "fd77::/64", "dev", "eth0").succeeded();
        }
        forgetPaths();
        double before = counted("icmp_error");
        assertEquals(BYTES, upload("client", way));
        boolean six = way.ipv6() != way.crossing();
        int room = 1500 - OVERHEADS.get(way.forwarding()).get(six ? 1 : 0);
        assertEquals(room, mtu("client", way.address()), "what the client knows of the path");
        assertTrue(counted("icmp_error") > before, "errors that the program counted");
        tell("%s: the client learned that %d bytes fit", way, room);
    }

    /** XDP cannot fragment what is sent so that it may be, and a sender who learns the size does it himself. */
    @ParameterizedTest
    @MethodSource("tunnels")
    @Order(5)
    void aClientThatAllowsFragmentsLearnsOfThatRoomToo(Way way) {
        forgetPaths();
        String answer = lab.on("client", "python3", "-c", LARGE_QUESTION, way.address()).succeeded();
        assertTrue(answer.contains("backend"), "a question of 2000 bytes: " + answer);
        if (!way.ipv6()) {
            forgetPaths();
            lab.on("client", "sysctl", "-q", "-w", "net.ipv4.ip_no_pmtu_disc=1").succeeded();
            try {
                assertEquals(SMALL_BYTES, upload("client", way, SMALL_BYTES), "an upload without \"don't fragment\"");
            } finally {
                lab.on("client", "sysctl", "-q", "-w", "net.ipv4.ip_no_pmtu_disc=0").succeeded();
            }
        }
    }

    private long upload(String host, Way way) {
        return upload(host, way, BYTES);
    }

    private long upload(String host, Way way, long bytes) {
        Path part = Transfer.writePart(lab, bytes);
        return Long.parseLong(lab.on(host, "curl", "-sS", "-g", "--fail-with-body", "--max-time", "30", "-o", "/dev/null", "-w",
                "%{size_upload}", "-T", part.toString(), way.url("/put/mtu-" + way)).succeeded().trim());
    }

    private void forgetPaths() {
        for (String host : List.of("client", "far", "backend1", "backend2", "backend3")) {
            lab.on(host, "ip", "route", "flush", "cache").succeeded();
            lab.on(host, "ip", "-6", "route", "flush", "cache").succeeded();
        }
    }

    /** From the host's own cache of path MTUs; 0: it has none. */
    private int mtu(String host, String... route) {
        String[] line = Stream.concat(Stream.of("ip", "route", "get"), Stream.of(route)).toArray(String[]::new);
        Matcher matcher = MTU.matcher(lab.on(host, line).succeeded());
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }
}
