package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Protocol;
import io.loom.api.config.Admission;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Vip;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which new connections vips take. */
class AdmissionTest {
    private static final Vip.Service HTTP = new Vip.Service(Protocol.TCP, 80);

    /** A vip of that text in a file whose section xdp has that. */
    private static String file(String xdp, String vip) {
        return file(xdp, vip, "");
    }

    private static String file(String xdp, String vip, String server) {
        return """
                ebpf:
                  interface: eth0
                  xdp: {%s}
                  vips:
                    - {name: web, addresses: 10.9.0.1, ports: 80, upstream: web%s}
                upstreams:
                  - {name: web, servers: [{address: 10.0.0.1, port: 80%s}]}
                """.formatted(xdp, vip, server);
    }

    private static Admission admission(String xdp, String vip) {
        return Yaml.good(file(xdp, vip)).vips().get(0).admission();
    }

    @Test
    void allConnectionsAreTakenUnlessTheFileSaysOtherwise() {
        assertEquals(Admission.OPEN, admission("", ""));
        assertEquals(0, Yaml.good(file("", "")).upstreams().get(0).servers().get(0).maxConnections());
    }

    @Test
    void aVipHasItsOwnLimitOrThatOfAll() {
        assertEquals(7, admission("max_connections: 7", "").maxConnections());
        assertEquals(9, admission("max_connections: 7", ", max_connections: 9").maxConnections());
        assertEquals(7, Yaml.good("ebpf: {xdp: {max_connections: 7, protocols: {tcp: {ports: 80}}}}").vips().get(0).admission().maxConnections());
    }

    @Test
    void aServerHasALimit() {
        assertEquals(3, Yaml.good(file("", "", ", max_connections: 3")).upstreams().get(0).servers().get(0).maxConnections());
    }

    @Test
    void whatIsBeyondALimitGoesToTheLocalStackIfFallbackSaysSo() {
        assertEquals(true, admission("fallback: connection_limit_exceeded", "").overflow());
        assertEquals(false, admission("fallback: [websocket, complex_routing]", "").overflow());
    }

    @ParameterizedTest
    @CsvSource({
        "websocket,                    websocket,       LOCAL",
        "websocket complex_routing,    complex_routing, LOCAL",
        "websocket complex_routing,    both,            LOCAL",
        "websocket,                    both,            REFUSE",
        "connection_limit_exceeded,    websocket,       REFUSE"
    })
    void aFlaggedVipGoesToTheLocalStackIfFallbackListsAllThatItNeeds(String fallback, String flag, Course course) {
        String flags = flag.equals("both") ? ", websocket: true, complex_routing: true" : ", " + flag + ": true";
        assertEquals(Map.of(HTTP, course), admission("fallback: [" + fallback.replace(" ", ", ") + "]", flags).courses());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "', max_connections: 3' | ''",
        "', websocket: true'    | ''",
        "''                     | ', max_connections: 3'"
    })
    void limitsNeedTrackedConnections(String vip, String server) {
        String direct = ", forwarding: ipip, tracking: minimal";
        assertEquals(List.of(), Yaml.problems(file("", direct)));
        assertEquals(List.of("2029 5:94"), Yaml.problems(file("", direct + vip, server)));
        assertEquals(List.of("2024 2:24"), Yaml.problems(file("", ", forwarding: ipip" + vip, server)
                .replace("interface: eth0", "conntrack: {enabled: false}")));
    }
}
