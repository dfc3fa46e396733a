package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What is remembered of connections is less than all: they work, and where they are promised to stay, they do. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TrackingIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration SETTLE = Duration.ofSeconds(3);
    /** Connections that nobody remembers are waited for as long as one can be idle: here not for minutes. */
    private static final String SHORT_LIVES = "  conntrack: {timeout: 4s, tcp_timeouts: {established: 4s, syn_sent: 4s, "
            + "syn_recv: 4s, fin_wait: 4s, time_wait: 4s}}\n";
    private static final Duration FORGET_LIMIT = Duration.ofSeconds(30);
    /** Far below the 36 flows that stay and the hundred connections a second that come and go. */
    private static final int FEW = 10;
    private static final String ACTIVE = "loom_ebpf_connections_active";
    private static final int SOCKETS = 20;
    private static final int PER_SECOND = 200;
    private static final int QUESTIONS = 30;
    private static final long BYTES = 10_000_000;

    TrackingIT() {
        super("tracking");
    }

    @BeforeAll
    void start() {
        lab.serveAll();
        loomd.configure(configuration("", "tracking: minimal").replaceFirst("ebpf:\n", "ebpf:\n" + SHORT_LIVES));
        loomd.start();
        awaitVips("minimal");
    }

    private static String configuration(String more, String key) {
        return Way.configuration(more, Way.direct().stream().map(way -> way.web(key.isEmpty() ? "" : ", " + key))
                .collect(Collectors.joining()));
    }

    private void awaitVips(String tracking) {
        Await.until("vips with tracking " + tracking, LIMIT, () -> rest.allVips(vip ->
                vip.path("tracking").asText().equals(tracking) && vip.path("degraded").isEmpty()), rest::vips);
    }

    @Test
    @Order(1)
    void underMinimalTrackingConnectionsStayWhileABackendComesAndGoes() {
        Way ipip = way("ipip-4");
        int third = rest.backend(Lab.address4("backend3"), 80).path("id").asInt();
        Load load = Load.on(lab, ipip.address());
        Background questions = Visits.asking(lab, way("gue-across-6").address(), SOCKETS, PER_SECOND);
        Duration begun = awaitFew();
        assertEquals(204, rest.delete("/ebpf/backends/" + third).status());
        Await.pause(SETTLE);
        Rest.Answer added = rest.post("/ebpf/backends",
                "{\"upstream\": \"web4\", \"address\": \"" + Lab.address4("backend3") + "\", \"port\": 80}");
        assertEquals(201, added.status(), added::body);
        Await.pause(SETTLE);
        double most = rest.metrics().get(ACTIVE);
        Duration settled = awaitFew();
        Visits answers = Visits.of(questions);
        Load.Report report = load.stop();
        tell("minimal: %s; datagrams %s; few are tracked %d ms after the start; %.0f after changes, few again %d ms later", report,
                answers, begun.toMillis(), most, settled.toMillis());
        assertEquals(0, report.failures(), report.failure());
        assertEquals(0, report.troubles().resetsSeen(), "connections reset");
        assertEquals(0, answers.failures(), answers::toString);
        assertEquals(0, answers.moved(), answers::toString);
    }

    private Duration awaitFew() {
        return Await.until("few connections are tracked", FORGET_LIMIT, () -> rest.metrics().get(ACTIVE) <= FEW,
                () -> rest.metrics().get(ACTIVE));
    }

    private static Way way(String name) {
        return Way.direct().stream().filter(way -> way.toString().equals(name)).findFirst().orElseThrow();
    }

    @Test
    @Order(2)
    void withoutSessionAffinityOfDatagramsAllIsAnswered() {
        loomd.configure(configuration("    protocols: {udp: {session_affinity: {enabled: false}}}\n", ""));
        awaitVips("full, none");
        trafficFlows();
    }

    @Test
    @Order(3)
    void withoutConnectionTrackingAllIsAnsweredAndNothingRemembered() {
        loomd.configure(configuration("", "").replaceFirst("ebpf:\n", "ebpf:\n  conntrack: {enabled: false}\n"));
        awaitVips("none");
        double before = rest.metrics().get("loom_ebpf_connections_total");
        trafficFlows();
        assertEquals(before, rest.metrics().get("loom_ebpf_connections_total"), "connections that were tracked");
    }

    private void trafficFlows() {
        Path part = Transfer.writePart(lab, BYTES);
        String sum = Transfer.checksum(part);
        for (Way way : Way.direct()) {
            assertEquals(sum, Transfer.up(lab, way, part, 0).checksum(), way::toString);
            assertEquals(sum, Transfer.down(lab, way, BYTES, 0).checksum(), way::toString);
            assertEquals(Lab.BACKENDS, Dig.names(lab, way.address(), QUESTIONS).stream().distinct().sorted().toList(), way::toString);
        }
    }
}
