package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Backends that have left one upstream and are in another, vips that have none left, and what becomes of a removed one that dies. */
class DepartedIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int REQUESTS = 6;
    private static final String SERVERS = Stream.of("10.77.0.11", "10.77.0.12", "fd77::11", "fd77::12")
            .map(address -> "{address: \"" + address + "\", port: 80}").collect(Collectors.joining(", ", "[", "]"));

    DepartedIT() {
        super("departed");
    }

    @BeforeAll
    void start() {
        lab.serveAll();
        loomd.configure("""
                ebpf:
                  interface: eth0
                  xdp:
                    connection_affinity: {timeout: 300s}
                  vips:
                    - {name: a, addresses: [10.77.0.110, "fd77::110"], ports: [80], forwarding: nat, upstream: a}
                    - {name: b, addresses: [10.77.0.111, "fd77::111"], ports: [80], forwarding: nat, upstream: b}
                    - {name: down, addresses: [10.77.0.112, "fd77::112"], protocol: [tcp, udp], ports: [80], forwarding: nat, upstream: down}
                    - {name: tunnel, addresses: [10.77.0.101, "fd77::101"], ports: [80], forwarding: ipip, upstream: down}
                    - {name: silent, addresses: [10.77.0.113, "fd77::113"], ports: [80], forwarding: nat, upstream: down, on_empty: drop}
                    - {name: dns, addresses: [10.77.0.100], protocol: [tcp, udp], ports: [53], forwarding: nat, upstream: dns}
                  health_integration: {enabled: true, upstream: a}
                upstreams:
                  - {name: a, servers: %1$s, health_check: %2$s}
                  - {name: b, servers: %1$s, health_check: %2$s}
                  - {name: down, servers: %1$s, health_check: {type: tcp, port: 9999, interval: 200ms, timeout: 200ms}}
                  - name: dns
                    servers: [{address: 10.77.0.12, port: 53}, {address: 10.77.0.13, port: 53}]
                    health_check: {type: tcp, interval: 200ms, timeout: 200ms, rise: 2, fall: 3}
                """.formatted(SERVERS, Configurations.HEALTH_CHECK));
        loomd.start();
        Await.until("what is down is known to be", LIMIT, () -> Stream.of("a", "b", "dns").allMatch(vip -> rest.degraded(vip).isEmpty())
                && Stream.of("down", "silent", "tunnel").allMatch(rest::hasNoBackend), rest::vips);
    }

    /** Who answers new connections of the client, one after the other. */
    private List<String> answers(String host) {
        return IntStream.range(0, REQUESTS).mapToObj(i -> curl(host, 10).succeeded().trim())
                .map(text -> text.substring(text.lastIndexOf("backend"))).distinct().toList();
    }

    private int id(String upstream, String backend, boolean ipv6) {
        String address = ipv6 ? Lab.address6(backend) : Lab.address4(backend);
        for (JsonNode one : rest.get("/ebpf/backends").json().path("backends")) {
            if (one.path("upstream").asText().equals(upstream) && one.path("address").asText().equals(address)) {
                return one.path("id").asInt();
            }
        }
        throw new AssertionError("no " + address + " in upstream " + upstream);
    }

    static Stream<Arguments> ends() {
        return Stream.of("weight", "delete").flatMap(how -> Stream.of(Arguments.of(how, false), Arguments.of(how, true)));
    }

    @ParameterizedTest
    @MethodSource("ends")
    void aClientIsNotHeldByABackendThatItsUpstreamLetGoOf(String how, boolean ipv6) {
        String a = ipv6 ? "[fd77::110]" : "10.77.0.110";
        String b = ipv6 ? "[fd77::111]" : "10.77.0.111";
        List<String> first = answers(a);
        List<String> other = answers(b);
        assertEquals(1, first.size(), "affinity: " + first);
        int id = id("a", first.get(0), ipv6);
        if (how.equals("weight")) {
            assertEquals(200, rest.patch("/ebpf/backends/" + id, "{\"weight\": 0}").status());
        } else {
            assertEquals(204, rest.delete("/ebpf/backends/" + id).status());
        }
        List<String> after = answers(a);
        assertEquals(1, after.size(), "affinity to another one: " + after);
        assertNotEquals(first, after);
        assertEquals(other, answers(b), "the other upstream's vip is not concerned");
        if (how.equals("weight")) {
            assertEquals(200, rest.patch("/ebpf/backends/" + id, "{\"weight\": 100}").status());
        } else {
            String address = ipv6 ? Lab.address6(first.get(0)) : Lab.address4(first.get(0));
            String body = "{\"address\": \"" + address + "\", \"port\": 80, \"weight\": 100, \"upstream\": \"a\"}";
            assertEquals(201, rest.post("/ebpf/backends", body).status());
        }
    }

    /** curl's status 7: refused; 28: nothing came. The backends are alive, as others' vips see. */
    @Test
    void aVipWhoseBackendsAreAllDownRefusesUnlessItIsToDrop() {
        double before = refused();
        for (String host : List.of("10.77.0.112", "[fd77::112]", "10.77.0.101", "[fd77::101]")) {
            assertEquals(7, curl(host, 30).status(), host);
        }
        assertEquals(28, curl("10.77.0.113", 1).status());
        assertEquals(28, curl("[fd77::113]", 1).status());
        for (String address : List.of("10.77.0.112", "fd77::112")) {
            String answer = lab.on("client", "dig", "@" + address, "-p", "80", "+tries=1", "+time=10", "whoami.lab", "TXT").output();
            assertTrue(answer.contains("refused"), answer);
        }
        assertTrue(refused() - before >= 6, "refusals that the program counted");
    }

    private Command curl(String host, int seconds) {
        return lab.on("client", "curl", "-sSg", "-m", String.valueOf(seconds), "http://" + host + "/");
    }

    private double refused() {
        return rest.metrics().get("loom_ebpf_verdicts_total{reason=\"refused\"}");
    }

    /** A flow of datagrams stays with a removed backend, but not if that dies. */
    @Test
    void aRemovedBackendThatDiesLosesItsFlowsAtOnce() {
        String backend = ask();
        assertEquals(204, rest.delete("/ebpf/backends/" + id("dns", backend, false)).status());
        assertEquals(backend, ask(), "it keeps the flows that it has");
        lab.on(backend, "sh", "-c", "kill $(cat " + lab.run().resolve(backend).resolve("dnsmasq.pid") + ")").succeeded();
        Await.until("an answer of the other one", LIMIT, () -> {
            Command answer = dig();
            return answer.output().contains("\"backend") && !answer.output().contains(backend);
        }, rest::vips);
    }

    /** One flow: always from the same port. */
    private Command dig() {
        return lab.on("client", "dig", "@10.77.0.100", "-b", Lab.CLIENT4 + "#5555", "+short", "+tries=1", "+time=1", "whoami.lab", "TXT");
    }

    private String ask() {
        return dig().succeeded().replace("\"", "").trim();
    }
}
