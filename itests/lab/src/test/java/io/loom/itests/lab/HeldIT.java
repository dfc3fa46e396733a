package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Connections of every forwarding method over IPv4 and IPv6, held while what is behind their vips changes. The death comes last:
 * a stopped server refuses probes, and what it had sent is answered by resets for half a minute.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HeldIT extends LabTest {
    private static final long RATE = 500_000;
    private static final long BYTES = 30 * RATE;
    private static final long SHORT = 7 * RATE;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration SETTLE = Duration.ofMillis(500);
    private static final int REQUESTS = 20;

    private final List<Transfer> transfers = new ArrayList<>();

    HeldIT() {
        super("held");
    }

    @BeforeAll
    void start() {
        startWith(Way.configuration("maglev"));
    }

    /** Those of a test that has failed would write over the next one's. */
    @AfterEach
    void stopTransfers() {
        transfers.forEach(Transfer::stop);
        transfers.clear();
    }

    @Test
    @Order(1)
    void transfersLiveThroughEveryChangeOfBackendsAndTables() {
        Path part = Transfer.writePart(lab, BYTES);
        String sum = Transfer.checksum(part);
        for (Way way : Way.all()) {
            transfers.add(Transfer.down(lab, way, BYTES, RATE));
            transfers.add(Transfer.up(lab, way, part, RATE));
        }
        Await.pause(Duration.ofSeconds(1));
        TcpTroubles before = TcpTroubles.now(lab);
        long start = System.nanoTime();
        for (int host = 11; host <= 13; host++) {
            drainAndRemove(host);
        }
        for (String algorithm : List.of("weighted", "round_robin", "maglev")) {
            loomd.configure(Way.configuration(algorithm));
            Await.until("vips by " + algorithm, LIMIT, () -> by(algorithm), rest::vips);
        }
        long millis = (System.nanoTime() - start) / 1_000_000;
        TcpTroubles troubles = TcpTroubles.now(lab).since(before);
        List<String> ended = transfers.stream().filter(transfer -> !transfer.running()).map(Transfer::outcome).toList();
        assertEquals(List.of(), ended, () -> "transfers that ended before the last change, " + troubles + ", "
                + rest.get("/ebpf/backends").body() + rest.get("/ebpf/stats").body());
        for (Transfer transfer : transfers) {
            assertEquals(sum, transfer.checksum(), transfer::toString);
        }
        tell("%d transfers, changes for %d ms: %s", transfers.size(), millis, troubles);
        assertTrue(troubles.lost() <= troubles.dropped(), () -> "lost for another reason than full queues: " + troubles);
        assertEquals(0, troubles.resetsSent(), "resets sent");
        assertEquals(0, troubles.resetsSeen(), "connections reset");
    }

    /** In each upstream that the transfers use: weight 0, another weight, removed, added anew. */
    private void drainAndRemove(int host) {
        for (String upstream : webs()) {
            JsonNode backend = backend(upstream, host);
            String path = "/ebpf/backends/" + backend.path("id").asInt();
            assertEquals(200, rest.patch(path, "{\"weight\": 0}").status());
            assertEquals(200, rest.patch(path, "{\"weight\": 300}").status());
            assertEquals(204, rest.delete(path).status());
        }
        Await.pause(SETTLE);
        for (String upstream : webs()) {
            Rest.Answer added = rest.post("/ebpf/backends", "{\"upstream\": \"" + upstream + "\", \"address\": \""
                    + Way.network(upstream.substring("web".length())) + host + "\", \"port\": 80}");
            assertEquals(201, added.status(), added::body);
        }
    }

    private static Set<String> webs() {
        return Way.all().stream().map(way -> way.upstream("web")).collect(Collectors.toSet());
    }

    private JsonNode backend(String upstream, int host) {
        JsonNode answer = rest.get("/ebpf/backends").json();
        for (JsonNode backend : answer.path("backends")) {
            if (backend.path("upstream").asText().equals(upstream) && backend.path("address").asText().endsWith("" + host)) {
                return backend;
            }
        }
        throw new AssertionError("no backend " + host + " in " + answer);
    }

    private boolean by(String algorithm) {
        return rest.allVips(vip -> vip.path("algorithm").asText().equals(algorithm) && vip.path("degraded").isEmpty());
    }

    @Test
    @Order(2)
    void aDeadBackendLeavesEveryVipInTimeAndClientsOfOthersDoNotNotice() {
        String sum = Transfer.checksum(Transfer.writePart(lab, SHORT));
        Way.all().forEach(way -> transfers.add(Transfer.down(lab, way, SHORT, RATE)));
        Await.until("every transfer has begun", LIMIT, () -> transfers.stream().allMatch(Transfer::begun), () -> transfers);
        for (int i = 0; i < transfers.size(); i++) {
            isListed(Way.all().get(i), transfers.get(i).backend());
        }
        lab.stopNginx("backend2");
        Duration left = Await.until("backend2 is down everywhere", Configurations.DETECTION, () -> allOfBackend2("down"), () -> rest.get("/ebpf/backends"));
        for (Way way : Way.all()) {
            assertEquals(Set.of("backend1", "backend3"), Set.copyOf(curl(way)), () -> "HTTP by " + way);
            assertEquals(Set.of("backend1", "backend3"), Set.copyOf(Dig.names(lab, way.address(), REQUESTS)), () -> "DNS by " + way);
        }
        Map<String, Integer> undisturbed = new TreeMap<>();
        for (Transfer transfer : transfers) {
            String backend = transfer.backend();
            if (!backend.equals("backend2")) {
                assertEquals(sum, transfer.checksum(), transfer::toString);
                undisturbed.merge(backend, 1, Integer::sum);
            }
        }
        lab.startNginx("backend2");
        Await.until("backend2 is up everywhere", LIMIT, () -> allOfBackend2("up"), () -> rest.get("/ebpf/backends"));
        tell("left after %d ms, undisturbed transfers: %s", left.toMillis(), undisturbed);
        assertTrue(undisturbed.size() > 0, "transfers by other backends");
    }

    /** The download by a way is a connection of its own in the list, with who answers it. */
    private void isListed(Way way, String answering) {
        JsonNode page = rest.get("/ebpf/connections?state=established&seen=5s&vip=" + way + "-web").json();
        assertEquals(1, page.path("connections").size(), () -> way + ": " + page);
        JsonNode connection = page.path("connections").path(0);
        String host = "1" + answering.substring("backend".length());
        assertTrue(connection.path("backend").asText().matches(".*[.:]" + host + "]?:80"), () -> answering + " answers " + connection);
        assertEquals(way.address(), connection.path("vip_address").asText());
        assertEquals(way.forwarding(), connection.path("forwarding").asText());
        assertEquals(way.ipv6() ? "fd77::1" : Lab.CLIENT4, connection.path("client").asText());
    }

    private boolean allOfBackend2(String state) {
        for (JsonNode backend : rest.get("/ebpf/backends").json().path("backends")) {
            if (backend.path("address").asText().endsWith("12") && !backend.path("state").asText().equals(state)) {
                return false;
            }
        }
        return true;
    }

    /** Who answered requests with a connection each. */
    private List<String> curl(Way way) {
        List<String> names = lab.on("client", "curl", "-sS", "--max-time", "20", "-H", "Connection: close",
                way.url("/?[1-" + REQUESTS + "]")).succeeded().lines().toList();
        assertEquals(REQUESTS, names.size(), () -> way + ": " + names);
        return names;
    }
}
