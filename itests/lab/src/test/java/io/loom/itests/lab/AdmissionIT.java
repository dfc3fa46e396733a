package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Which connections may begin, and that the others are answered by a server on the balancer itself. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AdmissionIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String HOST = "the host";
    /** Answers each request with one line, and goes on with the next on the same connection. */
    private static final String SERVER = """
            import http.server, socket
            class Answer(http.server.BaseHTTPRequestHandler):
                protocol_version = 'HTTP/1.1'
                def do_GET(self):
                    self.send_response(200)
                    self.send_header('Content-Length', '9')
                    self.end_headers()
                    self.wfile.write(b'the host\\n')
            class Server(http.server.ThreadingHTTPServer):
                address_family = socket.AF_INET6
            Server(('::', 80), Answer).serve_forever()
            """;
    private static final int HELD = 3;
    private static final int SECONDS = 12;

    private Background server;

    AdmissionIT() {
        super("admission");
    }

    @BeforeAll
    void start() {
        startWith(configuration("", ""));
        server = Background.start(lab.lineOn("balancer", List.of("python3", "-c", SERVER)));
        Await.until("the host's own server", LIMIT,
                () -> lab.on("balancer", "curl", "-s", "http://127.0.0.1/").output().strip().equals(HOST), () -> "no answer");
    }

    @AfterAll
    void end() {
        server.stop();
    }

    private static String configuration(String xdp, String vip) {
        return Configurations.web("nat").replace("  xdp_mode: native\n", "  xdp: {mode: native" + xdp + "}\n")
                .replace("      forwarding: nat\n", "      forwarding: nat\n" + vip);
    }

    private void configure(String xdp, String vip, String maxConnections) {
        loomd.configure(configuration(xdp, vip));
        Await.until("the configuration", LIMIT,
                () -> rest.vip("web").path("max_connections").asText().equals(maxConnections), rest::vips);
    }

    private void awaitCourse(String course) {
        Await.until("the vip's course", LIMIT,
                () -> rest.vip("web").path("not_balanced").path("tcp 80").asText().equals(course), rest::vips);
    }

    private String ask(String address) {
        return lab.on("client", "curl", "-s", "-m", "3", "http://" + address + "/").output().strip();
    }

    /** A download that lasts {@link #SECONDS}. Its output is how many bytes came, and how it ended. */
    private Background hold(String address) {
        return Background.start(lab.lineOn("client", List.of("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                "http://" + address + "/bulk?rate=" + 100_000_000 / SECONDS)));
    }

    private int open() {
        return (int) (double) rest.metrics().getOrDefault("loom_ebpf_vip_connections_open{vip=\"web\"}", -1.0);
    }

    private Map<String, Double> overflowsOfStatistics() {
        Map<String, Double> overflows = new TreeMap<>();
        for (JsonNode backend : rest.get("/ebpf/backends/stats").json().path("backends")) {
            overflows.put(backend.path("backend").asText(), backend.path("overflows").asDouble());
        }
        return overflows;
    }

    private Map<String, Double> overflowsOfMetrics() {
        String start = "loom_ebpf_backend_overflows_total{backend=\"";
        Map<String, Double> overflows = new TreeMap<>();
        rest.metrics().forEach((name, value) -> {
            if (name.startsWith(start)) {
                overflows.put(name.substring(start.length(), name.length() - 2), value);
            }
        });
        return overflows;
    }

    private double openAt(String endpoint) {
        return rest.metrics().getOrDefault("loom_ebpf_backend_connections_open{backend=\"" + endpoint + "\"}", -1.0);
    }

    @Test
    @Order(1)
    void beyondTheLimitTheHostsServerAnswersWhileOldConnectionsGoOn() {
        configure(", fallback: connection_limit_exceeded", "      max_connections: " + HELD + "\n", "" + HELD);
        List<Background> held = new ArrayList<>();
        for (String address : List.of(Lab.VIP4, "[" + Lab.VIP6 + "]", Lab.VIP4)) {
            held.add(hold(address));
        }
        Await.until("the limit is reached", LIMIT, () -> open() == HELD, this::open);
        for (String address : List.of(Lab.VIP4, "[" + Lab.VIP6 + "]")) {
            assertEquals(HOST, ask(address));
            String both = lab.on("client", "curl", "-s", "http://" + address + "/", "http://" + address + "/again").succeeded();
            assertEquals(HOST + "\n" + HOST, both.strip(), "two requests over one connection");
        }
        assertTrue(held.stream().allMatch(Background::running), "old connections go on");
        assertTrue(rest.metrics().get("loom_ebpf_verdicts_total{reason=\"pass_fallback\"}") > 0);
        held.forEach(one -> assertEquals("200 100000000", one.end().strip()));
        Duration room = Await.until("room for others", LIMIT, () -> Lab.BACKENDS.contains(ask(Lab.VIP4)), this::open);
        tell("a backend answered again %d ms after the held connections had ended", room.toMillis());
    }

    @Test
    @Order(2)
    void withoutFallbackWhatIsBeyondTheLimitIsDropped() {
        configure("", "      max_connections: 1\n", "1");
        Await.until("what came before to be over", LIMIT, () -> open() == 0, this::open);
        Background held = hold(Lab.VIP4);
        Await.until("the limit is reached", LIMIT, () -> open() == 1, this::open);
        assertEquals("", ask(Lab.VIP4));
        assertTrue(rest.metrics().get("loom_ebpf_errors_total{type=\"connection_limit\"}") > 0);
        assertEquals("200 100000000", held.end().strip());
    }

    @Test
    @Order(3)
    void whatAFullBackendHasNoRoomForAnotherOneAnswersAndItCountsAsOverflow() {
        String full = Lab.BACKENDS.get(0);
        String endpoint = Lab.address4(full) + ":80";
        loomd.configure(configuration("", "").replace("\"" + Lab.address4(full) + "\", port: 80,",
                "\"" + Lab.address4(full) + "\", port: 80, max_connections: 1,"));
        List<Background> held = new ArrayList<>();
        Await.until("the backend to have a connection", LIMIT, () -> {
            held.add(hold(Lab.VIP4));
            return openAt(endpoint) >= 1; // more where they came before the limit was in the kernel
        }, () -> openAt(endpoint));
        String overflows = "loom_ebpf_backend_overflows_total{backend=\"" + endpoint + "\"}";
        double before = rest.metrics().get(overflows);
        Set<String> others = new TreeSet<>();
        Await.until("more that it loses", LIMIT, () -> {
            String answer = ask(Lab.VIP4);
            if (answer.equals(full)) { // what was counted as open was on its way out
                others.clear();
                held.add(hold(Lab.VIP4));
                return false;
            }
            others.add(answer);
            return others.size() == Lab.BACKENDS.size() - 1 && rest.metrics().get(overflows) > before + 2;
        }, rest::metrics);
        assertEquals(new TreeSet<>(Lab.BACKENDS.subList(1, Lab.BACKENDS.size())), others);
        // Connections that are on their way may count between the two readings.
        Await.until("statistics and metrics say the same", LIMIT, () -> overflowsOfStatistics().equals(overflowsOfMetrics()),
                () -> overflowsOfStatistics() + " " + overflowsOfMetrics());
        overflowsOfMetrics().forEach((backend, counted) -> assertEquals(backend.equals(endpoint), counted > 0, backend + " " + counted));
        held.forEach(Background::stop);
        loomd.configure(configuration("", ""));
    }

    @Test
    @Order(4)
    void aPortThatIsPassedThroughOrNotRoutedIsTheHosts() {
        for (String xdp : List.of(", passthrough_ports: 80", ", routes: [{match: {ports: 81}, action: load_balance}]")) {
            loomd.configure(configuration(xdp, "").replaceFirst("ebpf:\n", "ebpf:\n  mode: hybrid\n"));
            awaitCourse("pass");
            assertEquals(HOST, ask(Lab.VIP4));
            assertEquals(HOST, ask("[" + Lab.VIP6 + "]"));
            loomd.configure(configuration(", routes: [{match: {ports: 80}, action: load_balance}]", "")
                    .replaceFirst("ebpf:\n", "ebpf:\n  mode: hybrid\n"));
            Await.until("backends answer", LIMIT, () -> Lab.BACKENDS.contains(ask(Lab.VIP4)), rest::vips);
        }
    }

    @Test
    @Order(5)
    void aSourceThatIsDeniedLosesItsConnectionsAndGetsNoNewOnes() throws IOException {
        Path list = lab.run().resolve("sources");
        Files.writeString(list, "allow 10.77.0.0/16\n");
        String yaml = configuration("", "").replaceFirst("ebpf:\n", "ebpf:\n  acl: {file: " + list + "}\n");
        loomd.configure(yaml);
        Background held = hold(Lab.VIP4);
        Await.until("a connection", LIMIT, () -> rest.metrics().get("loom_ebpf_connections_active") > 0, rest::metrics);
        assertTrue(Lab.BACKENDS.contains(ask(Lab.VIP4)));
        Files.writeString(list, "allow 10.77.0.0/16\ndeny " + "10.77.0.1" + "\n");
        Await.until("the source to be denied", LIMIT, () -> ask(Lab.VIP4).isEmpty(), rest::metrics);
        assertTrue(Lab.BACKENDS.contains(ask("[" + Lab.VIP6 + "]")), "the same client over IPv6 is another source");
        assertEquals("[{\"family\":\"ipv4\",\"allow\":1,\"deny\":1,\"max\":1048576},{\"family\":\"ipv6\",\"allow\":0,\"deny\":0,\"max\":1048576}]",
                rest.get("/ebpf/stats").json().path("acl").toString());
        assertEquals(1, rest.metrics().get("loom_ebpf_acl_prefixes{action=\"deny\",family=\"ipv4\"}"));
        Await.until("its connection to end", LIMIT, () -> rest.metrics().get("loom_ebpf_errors_total{type=\"source_denied\"}") > 10,
                rest::metrics);
        held.stop();
        Files.writeString(list, "deny 10.0.0.0/8\nallow 10.77.0.0/16\n");
        Await.until("the source to be allowed", LIMIT, () -> Lab.BACKENDS.contains(ask(Lab.VIP4)), rest::metrics);
        loomd.configure(configuration("", ""));
    }

    @Test
    @Order(6)
    void aFlaggedVipIsTheHostsUntilItIsFlaggedNoMore() {
        loomd.configure(configuration(", fallback: websocket", "      websocket: true\n"));
        awaitCourse("local");
        assertEquals(Set.of(HOST), Set.of(ask(Lab.VIP4)));
        assertEquals(HOST, ask("[" + Lab.VIP6 + "]"));
        server.stop();
        Await.until("a warning that nobody listens", LIMIT, () -> rest.get("/ebpf/status").body().contains("LOOM-1215"),
                () -> rest.get("/ebpf/status").body());
        loomd.configure(configuration("", ""));
        Await.until("backends answer", LIMIT, () -> Lab.BACKENDS.contains(ask(Lab.VIP4)), rest::vips);
    }
}
