package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Under nat, with real clients and servers: when all ports towards a backend are in its TIME-WAIT, and when they are taken by
 * clients that there are not. By default with few ports and as many packets fewer; {@code -Dloom.full=true} has all of both.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NatPressureIT extends LabTest {
    private static final boolean FULL = Boolean.getBoolean("loom.full");
    /** The host's own ports, which leave nat so many: 300, or 31,744. */
    private static final String HOSTS_PORTS = FULL ? "32768 60999" : "1024 65235";
    private static final int PORTS = FULL ? 31_744 : 300;
    private static final int TIME_WAIT = FULL ? 120 : 10; // seconds; all ports are used again before
    private static final Duration SLOW = Figure.within(Duration.ofMillis(500));
    private static final Duration TOO_SLOW = Figure.within(Duration.ofMillis(1500));
    private static final int FLOOD_RATE = FULL ? 5000 : 300;
    private static final int FLOOD_SECONDS = FULL ? 30 : 6;
    private static final int AFTER_SECONDS = FULL ? 60 : 2;
    private static final int CLIENT_RATE = 20;
    private static final int SPAN = 10;
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String USED = "loom_ebpf_nat_ports_used{backend=\"%s\"}";
    private static final String CONFIGURATION = """
            ebpf:
              interface: eth0
              conntrack: {tcp_timeouts: {time_wait: %ds}}
              vips:
                - {name: one, addresses: [10.77.0.100, "fd77::100"], ports: [80], forwarding: nat, upstream: one}
                - {name: four, addresses: [10.77.0.100, "fd77::100"], ports: [81], forwarding: nat, upstream: four}
                - {name: dns, addresses: [10.77.0.100, "fd77::100"], protocol: udp, ports: [53], forwarding: nat, upstream: dns}
            upstreams:
              - name: one
                servers:
                  - {address: 10.77.0.11, port: 80}
                  - {address: "fd77::11", port: 80}
              - name: four
                servers: [%s]
              - name: dns
                servers: [%s]
            """;

    NatPressureIT() {
        super("pressure");
    }

    @BeforeAll
    void start() throws IOException {
        lab.on("balancer", "sysctl", "-qw", "net.ipv4.ip_local_port_range=" + HOSTS_PORTS).succeeded();
        for (int host = 23; host <= 30; host++) {
            lab.on("client", "ip", "addr", "add", "10.77.0." + host + "/24", "dev", "eth0").succeeded();
            lab.on("client", "ip", "addr", "add", "fd77::" + host + "/64", "dev", "eth0", "nodad").succeeded();
        }
        for (String script : List.of("connects.py", "flood.py")) {
            try (InputStream source = NatPressureIT.class.getResourceAsStream("/pressure/" + script)) {
                Files.copy(source, lab.run().resolve(script));
            }
        }
        startWith(CONFIGURATION.formatted(TIME_WAIT, servers(List.of(":80", ":80", ":80", ":8080")), servers(List.of(":53", ":53", ":53"))));
    }

    /** The backends of both families in turn, with these ports. */
    private static String servers(List<String> ports) {
        List<String> servers = new ArrayList<>();
        for (int i = 0; i < ports.size(); i++) {
            String backend = Lab.BACKENDS.get(i % Lab.BACKENDS.size());
            for (String address : List.of(Lab.address4(backend), Lab.address6(backend))) {
                servers.add("{address: \"" + address + "\", port: " + ports.get(i).substring(1) + "}");
            }
        }
        return String.join(", ", servers);
    }

    private Background python(String script, Object... arguments) {
        List<String> line = new ArrayList<>(List.of("python3", lab.run().resolve(script).toString()));
        List.of(arguments).forEach(argument -> line.add(argument.toString()));
        return Background.start(lab.lineOn("client", line));
    }

    private Background connect(int count, int rate, String vip, int port) {
        List<Object> arguments = new ArrayList<>(List.of(count, rate, vip, port));
        IntStream.rangeClosed(23, 30).forEach(host -> arguments.add((vip.equals(Lab.VIP4) ? "10.77.0." : "fd77::") + host));
        return python("connects.py", arguments.toArray());
    }

    private static JsonNode outcome(Background load) throws IOException {
        Await.until("the load's end", PATIENCE, () -> !load.running(), () -> "it runs");
        return new ObjectMapper().readTree(load.end().strip());
    }

    private static long slower(JsonNode outcome, Duration than) {
        long count = 0;
        for (JsonNode time : outcome.path("times")) {
            count += time.get(1).asDouble() * 1000 > than.toMillis() ? 1 : 0;
        }
        return count;
    }

    private boolean warned() {
        return rest.get("/ebpf/status").json().path("warnings").toString().contains("LOOM-1260");
    }

    private double used(String backend) {
        return rest.metrics().getOrDefault(USED.formatted(backend), -1.0);
    }

    private static List<Arguments> pressures() {
        return FULL ? List.of(Arguments.of("10.77.0.100", "10.77.0.11:80", 50_000, 700), Arguments.of("fd77::100", "[fd77::11]:80", 50_000, 400))
                : List.of(Arguments.of("10.77.0.100", "10.77.0.11:80", 600, 60));
    }

    /** The first: what floods have left would be warned of, too. */
    @ParameterizedTest
    @Order(1)
    @MethodSource("pressures")
    void portsThatTheServersTimeWaitHasAreUsedAgainInTime(
            String vip, String backend, int connections, int rate) throws IOException {
        Background load = connect(connections, rate, vip, 80);
        Await.until("the warning", Duration.ofMinutes(2), this::warned, () -> used(backend));
        assertTrue(used(backend) >= PORTS * 0.7, "used: " + used(backend));
        double ports = rest.metrics().get("loom_ebpf_nat_ports{backend=\"" + backend + "\"}");
        assertTrue(ports <= PORTS && ports > PORTS * 0.9, "ports: " + ports);
        JsonNode outcome = outcome(load);
        long slow = slower(outcome, SLOW);
        tell("%s: %d of %d connects took over %s, %d over %s, in %.0f s", vip, slow, outcome.path("answered").asInt(), SLOW,
                slower(outcome, TOO_SLOW), TOO_SLOW, outcome.path("seconds").asDouble());
        assertEquals(0, outcome.path("failed").asInt());
        assertEquals(0, slower(outcome, TOO_SLOW));
        assertTrue(slow * 100 <= (rate > 400 ? outcome.path("answered").asInt() : 0), slow + " took over " + SLOW);
        Await.until("the end of the warning", Duration.ofSeconds(10L * TIME_WAIT), () -> !warned(), () -> used(backend));
    }

    private static List<Arguments> floods() {
        List<Arguments> few = List.of(Arguments.of("synack", Lab.VIP4, 81), Arguments.of("syn", Lab.VIP6, 81));
        return FULL ? Stream.concat(few.stream(), Stream.of(Arguments.of("syn", Lab.VIP4, 81), Arguments.of("synack", Lab.VIP6, 81))).toList() : few;
    }

    /** New connections in each span of ten seconds, from the flood's begin until some time after its end; and no blame on the table. */
    @ParameterizedTest
    @Order(2)
    @MethodSource("floods")
    void newConnectionsSucceedWhileOthersAreMadeUp(String kind, String vip, int port) throws IOException {
        double full = rest.metrics().get("loom_ebpf_errors_total{type=\"map_full\"}");
        Background flood = python("flood.py", kind, FLOOD_RATE, FLOOD_SECONDS, vip, port);
        JsonNode outcome = outcome(connect((FLOOD_SECONDS + AFTER_SECONDS) * CLIENT_RATE, CLIENT_RATE, vip, port));
        long sent = Long.parseLong(flood.end().strip());
        Map<Integer, Integer> spans = new HashMap<>();
        outcome.path("times").forEach(time -> spans.merge((int) time.get(0).asDouble() / SPAN, 1, Integer::sum));
        tell("%s to %s: %d packets; of %d new connections %d were answered, %d took over %s", kind, vip, sent,
                (FLOOD_SECONDS + AFTER_SECONDS) * CLIENT_RATE, outcome.path("answered").asInt(), slower(outcome, SLOW), SLOW);
        assertTrue(sent > FLOOD_RATE * FLOOD_SECONDS / 2, "the flood was slow: " + sent);
        int seconds = FLOOD_SECONDS + AFTER_SECONDS;
        for (int span = 0; span * SPAN < seconds; span++) {
            int begun = Math.min(SPAN, seconds - span * SPAN) * CLIENT_RATE;
            assertTrue(spans.getOrDefault(span, 0) >= begun * 0.99, "span " + span + ": " + spans + ", " + outcome.path("failed"));
        }
        assertEquals(full, rest.metrics().get("loom_ebpf_errors_total{type=\"map_full\"}"));
    }

    private static List<Arguments> datagrams() {
        List<Arguments> few = List.of(Arguments.of("query", Lab.VIP4));
        return FULL ? Stream.concat(few.stream(), Stream.of(
                Arguments.of("udp", Lab.VIP4), Arguments.of("udp", Lab.VIP6), Arguments.of("query", Lab.VIP6))).toList() : few;
    }

    /** The server answers queries, and nothing else. */
    @ParameterizedTest
    @Order(3)
    @MethodSource("datagrams")
    void newFlowsOfUdpSucceedWhileOthersAreMadeUp(String kind, String vip) {
        Background flood = python("flood.py", kind, FLOOD_RATE, FLOOD_SECONDS, vip, 53);
        int asked = 0;
        int answered = 0;
        while (flood.running()) {
            asked++;
            String answer = lab.on("client", "dig", "+short", "+time=2", "+tries=1", "@" + vip, "whoami.lab", "TXT").output();
            answered += answer.contains("backend") ? 1 : 0;
        }
        tell("%s to %s: %s packets; of %d questions %d were answered", kind, vip, flood.end().strip(), asked, answered);
        assertTrue(asked > 0 && answered >= asked * 0.99, answered + " of " + asked);
    }
}
