package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Protocol;
import io.loom.api.config.Admission;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Admission.Rate;
import io.loom.api.config.Vip;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
        assertEquals(0, admission("max_connections: 7", ", max_connections: 0").maxConnections());
        assertEquals(0, admission("max_connections: 0", "").maxConnections());
        assertEquals(7, Yaml.good("ebpf: {xdp: {max_connections: 7, protocols: {tcp: {ports: 80}}}}").vips().get(0).admission().maxConnections());
    }

    @Test
    void aServerHasALimit() {
        assertEquals(3, Yaml.good(file("", "", ", max_connections: 3")).upstreams().get(0).servers().get(0).maxConnections());
        assertEquals(0, Yaml.good(file("", "", ", max_connections: 0")).upstreams().get(0).servers().get(0).maxConnections());
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
        "', rate_limit: {per_second: 5}' | ''",
        "''                     | ', max_connections: 3'"
    })
    void limitsNeedTrackedConnections(String vip, String server) {
        String direct = ", forwarding: ipip, tracking: minimal";
        assertEquals(List.of(), Yaml.problems(file("", direct)));
        assertEquals(List.of("2029 5:94"), Yaml.problems(file("", direct + vip, server)));
        assertEquals(List.of("2024 2:24"), Yaml.problems(file("", ", forwarding: ipip" + vip, server)
                .replace("interface: eth0", "conntrack: {enabled: false}")));
    }

    @Test
    void portsThatPassNeedNoTrackedConnections() {
        String minimal = ", forwarding: ipip, tracking: minimal";
        assertEquals(List.of(), Yaml.problems(file("passthrough_ports: 80", minimal)));
    }

    @Test
    void sourcesHaveARateOfTheVipsOrOfAll() {
        Optional<Rate> all = Optional.of(new Rate(10, 10));
        assertEquals(Optional.empty(), admission("", "").rate());
        assertEquals(all, admission("rate_limit: {per_second: 10}", "").rate());
        assertEquals(Optional.of(new Rate(5, 9)), admission("rate_limit: {per_second: 10}", ", rate_limit: {per_second: 5, burst: 9}").rate());
        assertEquals(Optional.empty(), admission("rate_limit: {per_second: 10}", ", rate_limit: {enabled: false, per_second: 10}").rate());
        assertEquals(Optional.empty(), admission("rate_limit: {per_second: 10}", ", rate_limit: {enabled: false}").rate());
        assertEquals(List.of("2015 5:78"), Yaml.problems(file("", ", rate_limit: {enabled: true}")));
        assertEquals(all, Yaml.good("ebpf: {xdp: {rate_limit: {per_second: 10}, protocols: {tcp: {ports: 80}}}}").vips().get(0).admission().rate());
    }

    /** Ports of the vip {@code default} and where their connections go. */
    private static Map<String, String> flat(String yaml) {
        Map<String, String> courses = new TreeMap<>();
        Vip vip = Yaml.good(yaml).vips().get(0);
        vip.services().forEach(service ->
                courses.put(service.protocol() + " " + service.port(), vip.admission().course(service).toString()));
        return courses;
    }

    private static String hybrid(String routes, String protocols) {
        return "ebpf: {mode: hybrid, interface: eth0, xdp: {fallback: websocket, routes: [" + routes + "]" + protocols + "}}";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{match: {ports: [80, 443]}, action: load_balance}                                                            | TCP 443=BALANCE, TCP 80=BALANCE",
        "{match: {ports: 53, protocol: udp}, action: load_balance}                                                    | UDP 53=BALANCE",
        "{match: {ports: 80}, action: pass}, {match: {ports: [80, 81]}, action: load_balance}                         | TCP 81=BALANCE",
        "{match: {ports: 80}, action: load_balance, websocket: true}, {match: {ports: 80}, action: load_balance}      | TCP 80=LOCAL",
        "{match: {ports: 80}, action: load_balance, complex_routing: true, websocket: true}                           | TCP 80=REFUSE"
    })
    void routesSupplyThePortsWhereTheFileNamesNoProtocol(String routes, String expected) {
        assertEquals("{" + expected + "}", flat(hybrid(routes, "")).toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{match: {ports: 80}, action: load_balance}                                               | BALANCE | PASS    | PASS",
        "{match: {}, action: load_balance}                                                        | BALANCE | BALANCE | PASS",
        "{match: {ports: 81}, action: pass}, {match: {}, action: load_balance}                    | BALANCE | PASS    | PASS",
        "{match: {protocol: udp}, action: load_balance}, {match: {ports: 81}, action: load_balance} | PASS  | BALANCE | BALANCE"
    })
    void routesFilterThePortsThatTheFileNames(String routes, String first, String second, String datagrams) {
        String protocols = ", protocols: {tcp: {ports: [80, 81]}, udp: {ports: 53}}";
        assertEquals(Map.of("TCP 80", first, "TCP 81", second, "UDP 53", datagrams), flat(hybrid(routes, protocols)));
    }

    @Test
    void inModeXdpRoutesChangeNothing() {
        String yaml = "ebpf: {interface: eth0, xdp: {routes: [{match: {ports: 81}, action: load_balance}], protocols: {tcp: {ports: 80}}}}";
        assertEquals(Map.of("TCP 80", "BALANCE"), flat(yaml));
        assertTrue(Yaml.warnings(yaml).contains("2110 1:39"));
    }

    @Test
    void aVipOfWhichNoRouteBalancesAnythingIsToldOf() {
        String yaml = file("routes: [{match: {ports: 81}, action: load_balance}]", "").replace("ebpf:\n", "ebpf:\n  mode: hybrid\n");
        assertEquals(List.of("2118 6:14"), Yaml.warnings(yaml));
        assertEquals(List.of(), Yaml.warnings(yaml.replace("81", "80")));
    }

    @Test
    void passthroughPortsAreNeverBalanced() {
        String yaml = "ebpf: {interface: eth0, xdp: {passthrough_ports: [80, 9999], fallback: websocket, "
                + "protocols: {tcp: {ports: [80, 81]}, udp: {ports: 80}}}}";
        assertEquals(Map.of("TCP 80", "PASS", "UDP 80", "PASS", "TCP 81", "BALANCE"), flat(yaml));
        assertEquals(2, Yaml.warnings(yaml).stream().filter(warning -> warning.startsWith("2117")).count());
        assertEquals(Map.of(HTTP, Course.PASS), admission("passthrough_ports: 80", ", websocket: true").courses());
    }

    @ParameterizedTest
    @CsvSource({"10.9.0.1, 80, PASS", "0.0.0.0, 80, PASS", "10.9.0.2, 80, BALANCE", "10.9.0.1, 81, BALANCE"})
    void portsOfRestAndSshArePassedThroughWhereTheyListen(String address, int port, Course course) {
        for (String what : List.of("rest", "ssh")) {
            String yaml = file("", "") + "admin: {" + what + ": {address: " + address + ", port: " + port + "}}\n";
            assertEquals(course, Yaml.good(yaml).vips().get(0).admission().course(HTTP), what);
            assertEquals(course == Course.PASS ? List.of("2109 5:47") : List.of(), Yaml.warnings(yaml));
        }
    }
}
