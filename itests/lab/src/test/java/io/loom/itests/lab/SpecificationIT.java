package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The specification's own examples, as they are printed there. The lab has its backends' addresses, 10.0.1.10 and up. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SpecificationIT extends LabTest {
    private static final String COMPLETE_EXAMPLE = """
            ebpf:
              enabled: true

              xdp:
                enabled: true
                interface: eth0
                mode: native

                load_balancing:
                  algorithm: maglev
                  maglev_table_size: 65537

                connection_affinity:
                  enabled: true
                  timeout: 300s

                protocols:
                  tcp:
                    enabled: true
                    ports: [80, 443]

              conntrack:
                enabled: true
                max_entries: 1000000
                timeout: 300s

              backends:
                - address: 10.0.1.10
                  port: 8080
                  weight: 100
                - address: 10.0.1.11
                  port: 8080
                  weight: 100

              health_integration:
                enabled: true
                upstream: backend

              maps:
                backends:
                  max_entries: 10000
                connections:
                  max_entries: 1000000
            """;

    /** Type, unknown key, range, duplicate, dangling reference: one on each of these lines. */
    private static final String FIVE_MISTAKES = """
            ebpf:
              enabled: maybe
              interfase: eth0
              backends:
                - {address: 10.0.1.10, port: 80800}
                - {address: 10.0.1.11, port: 8080}
                - {address: 10.0.1.11, port: 8080}
              vips:
                - {name: web, addresses: [10.77.0.100], protocol: tcp, ports: [80], upstream: nobody}
            """;
    private static final List<Integer> LINES_OF_MISTAKES = List.of(2, 3, 5, 7, 9);

    SpecificationIT() {
        super("spec");
    }

    @Test
    @Order(1)
    void fiveMistakesAreAllReportedWhereTheyAre() {
        loomd.configure(FIVE_MISTAKES);
        Command ended = loomd.runToEnd();
        tell("five mistakes:\n%s", ended.output().strip());
        assertEquals(2, ended.status(), ended.output());
        for (int line : LINES_OF_MISTAKES) {
            assertTrue(ended.output().matches("(?s).*(loom\\.yaml:" + line + ":|line " + line + "\\b).*"),
                    () -> "line " + line + " in " + ended.output());
        }
    }

    @Test
    @Order(2)
    void theCompleteExampleLoadsAndItsPortsTranslate() {
        loomd.configure(COMPLETE_EXAMPLE);
        loomd.start();
        Visits visits = Visits.burst(lab, "10.77.0.2", 80, 200);
        assertEquals(200, visits.total(), visits::toString);
        // The example asks for connection_affinity, and there is one client: one of the backends gets everything.
        List<Long> shares = List.of(lab.logged("backend1", "10.0.1.10", 8080), lab.logged("backend2", "10.0.1.11", 8080));
        assertEquals(List.of(0L, 200L), shares.stream().sorted().toList(), "requests on the backends' own port");
    }

    @Test
    @Order(3)
    void theCurlLinesOfBackendManagementWorkAsPrinted() throws IOException {
        JsonNode added = shell("""
                curl -X POST http://localhost:9091/ebpf/backends \\
                  -d '{"address": "10.0.1.12", "port": 8080, "weight": 100}'
                """);
        assertEquals(3, added.path("id").asInt(), added::toString);
        assertEquals("up", added.path("state").asText(), added::toString);
        JsonNode changed = shell("""
                curl -X PATCH http://localhost:9091/ebpf/backends/1 \\
                  -d '{"weight": 50}'
                """);
        assertEquals(50, changed.path("weight").asInt(), changed::toString);
        shell("curl -X DELETE http://localhost:9091/ebpf/backends/3");
        assertEquals(404, rest.get("/ebpf/backends/3").status());
        assertTrue(Files.readString(loomd.data().resolve("runtime.json")).contains("50"), "the change is durable");
    }

    @Test
    @Order(4)
    void theCurlLinesOfTheDebugInterfaceAnswer() {
        assertTrue(shell("curl http://localhost:9091/ebpf/stats").size() > 0);
        assertTrue(shell("curl http://localhost:9091/ebpf/backends/stats").size() > 0);
        for (String sample : List.of("loom_ebpf_packets_total{action=\"forward\"}", "loom_ebpf_packets_total{action=\"drop\"}",
                "loom_ebpf_packets_total{action=\"pass\"}", "loom_ebpf_bytes_total{direction=\"rx\"}",
                "loom_ebpf_bytes_total{direction=\"tx\"}", "loom_ebpf_connections_active", "loom_ebpf_connections_total",
                "loom_ebpf_backend_packets_total{backend=\"10.0.1.10:8080\"}",
                "loom_ebpf_backend_connections_active{backend=\"10.0.1.10:8080\"}", "loom_ebpf_errors_total{type=\"map_full\"}")) {
            assertTrue(rest.metrics().containsKey(sample), () -> "no " + sample + " in " + rest.metrics().keySet());
        }
    }

    @Test
    @Order(5)
    void malformedRequestsGetAHelpfulRefusal() {
        refused(400, rest.post("/ebpf/backends", "{\"address\": \"ten\", \"port\": 80800, \"weigth\": 1}"), "address", "port", "weigth");
        refused(400, rest.post("/ebpf/backends", "not json"), "fix");
        refused(404, rest.get("/ebpf/backends/4711"), "4711");
        refused(404, rest.get("/ebpf/backend"), "fix");
        refused(405, rest.call("PUT", "/ebpf/backends", List.of("-d", "{}")), "fix");
        refused(409, rest.post("/ebpf/backends", "{\"address\": \"10.0.1.10\", \"port\": 8080}"), "10.0.1.10");
        refused(403, rest.call("GET", "/ebpf/backends", List.of("-H", "Origin: http://elsewhere.example")), "fix");
        refused(403, rest.call("GET", "/ebpf/backends", List.of("-H", "Host: elsewhere.example")), "fix");
        refused(413, rest.call("POST", "/ebpf/backends", List.of("-d", "[" + " ".repeat(100_000) + "]")), "fix");
    }

    private void refused(int status, Rest.Answer answer, String... mentions) {
        tell("%d %s", answer.status(), answer.body().replaceAll("\\s+", " "));
        assertEquals(status, answer.status(), answer.body());
        assertTrue(answer.json().path("errors").size() > 0, answer.body());
        for (String mention : mentions) {
            assertTrue(answer.body().contains(mention), () -> mention + " in " + answer.body());
        }
    }

    /** Runs lines of shell on the balancer. @return the answer, parsed; empty if there is none */
    private JsonNode shell(String lines) {
        String output = lab.on("balancer", "bash", "-c", lines.replace("curl ", "curl -sS -m 20 ")).succeeded();
        return new Rest.Answer(200, output.isEmpty() ? "{}" : output).json();
    }
}
