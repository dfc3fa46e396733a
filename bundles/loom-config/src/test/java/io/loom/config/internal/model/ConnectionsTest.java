package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Protocol;
import io.loom.api.config.Conntrack;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.config.Vip.Connections;
import io.loom.api.config.Vip.Service;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Protocols, tracking, affinity and client addresses of vips. */
class ConnectionsTest {
    private static final String VIP = "{name: a, addresses: 10.0.0.9, ports: 80, backends: [{address: 10.0.0.1, port: 80}]%s}";

    private static LoomConfig one(String ebpf, String vip) {
        return Yaml.good("ebpf: {interface: e, " + ebpf + "vips: [" + VIP.formatted(vip) + "]}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''                        | TCP:80",
        "', protocol: udp'         | UDP:80",
        "', protocol: [udp, tcp]'  | UDP:80 TCP:80"
    })
    void aVipHasItsPortsInEachOfItsProtocols(String vip, String services) {
        assertEquals(services, shown(one("", vip).vips().get(0)));
    }

    private static String shown(Vip vip) {
        return String.join(" ", vip.services().stream().map(service -> service.protocol() + ":" + service.port()).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "udp: {ports: [53, 54]}                                      | UDP:53 UDP:54",
        "udp: {ports: 53}, tcp: {ports: [53, 80]}                    | TCP:53 TCP:80 UDP:53",
        "udp: {enabled: false, ports: 53}, tcp: {ports: 80}          | TCP:80"
    })
    void theFlatFormHasPortsOfBothProtocols(String protocols, String services) {
        LoomConfig config = Yaml.good("ebpf: {interface: e, xdp: {protocols: {" + protocols
                + "}}, backends: [{address: 10.0.0.1, port: 53}]}");
        assertEquals(services, shown(config.vips().get(0)));
        assertEquals(List.of(), config.warnings());
    }

    @Test
    void aUdpPortIsNoAdministrativePort() {
        String admin = "}\nadmin: {rest: {address: 10.0.0.9, port: 80}";
        assertEquals(List.of(), Yaml.warnings("ebpf: {interface: e, vips: [" + VIP.formatted(", protocol: udp") + "]" + admin + "}"));
        assertEquals(List.of("2109 1:67"), Yaml.warnings("ebpf: {interface: e, vips: [" + VIP.formatted("") + "]" + admin + "}"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "conntrack: {timeout: 10m}                                                                            | true  | 10m | 10m",
        "xdp: {protocols: {udp: {session_affinity: {timeout: 60s}}}}                                          | true  | 1m  | 5m",
        "xdp: {dsr: {}, protocols: {udp: {session_affinity: {enabled: false}}}}                               | false | 5m  | 5m",
        "xdp: {protocols: {udp: {enabled: false, session_affinity: {enabled: false, timeout: 9s}}}}           | true  | 5m  | 5m",
        "xdp: {connection_affinity: {timeout: 1h}}                                                            | true  | 5m  | 60m",
        "xdp: {connection_affinity: {enabled: false, timeout: 2m}}                                            | true  | 5m  | 2m"
    })
    void datagramsAndAffinityHaveTimesOfTheirOwn(String ebpf, boolean sessions, String datagram, String affinity) {
        Conntrack conntrack = Yaml.good("ebpf: {" + ebpf + "}").conntrack();
        assertEquals(sessions, conntrack.sessions());
        assertEquals(Duration.parse("PT" + datagram), conntrack.datagram());
        assertEquals(Duration.parse("PT" + affinity), conntrack.affinity());
    }

    static Stream<Arguments> choices() {
        Connections none = Connections.DEFAULT;
        Connections minimal = new Connections(true, false, false);
        Connections affinity = new Connections(false, true, false);
        Connections keep = new Connections(false, false, true);
        return Stream.of(
                Arguments.of("", "", none),
                Arguments.of("conntrack: {tracking: minimal}, xdp: {dsr: {}}, ", "", minimal),
                Arguments.of("conntrack: {tracking: minimal}, ", ", tracking: full", none),
                Arguments.of("", ", forwarding: l2, tracking: minimal", minimal),
                Arguments.of("xdp: {connection_affinity: {}}, ", "", affinity),
                Arguments.of("xdp: {connection_affinity: {}}, ", ", connection_affinity: {enabled: false}", none),
                Arguments.of("", ", connection_affinity: {}", affinity),
                Arguments.of("xdp: {nat: {client_address: keep}}, ", "", keep),
                Arguments.of("xdp: {nat: {client_address: keep}}, ", ", client_address: replace", none),
                Arguments.of("xdp: {nat: {client_address: keep}}, ", ", forwarding: ipip", none),
                Arguments.of("", ", client_address: keep", keep));
    }

    @ParameterizedTest
    @MethodSource("choices")
    void aVipInheritsOrChooses(String ebpf, String vip, Connections expected) {
        LoomConfig config = one(ebpf, vip);
        assertEquals(expected, config.vips().get(0).connections());
        assertEquals(List.of(), config.warnings());
    }

    @Test
    void aDirectMethodKeepsTheClientsAddressAnyway() {
        LoomConfig config = one("", ", forwarding: gue, client_address: replace");
        assertFalse(config.vips().get(0).connections().keepClient());
        assertEquals(List.of("LOOM-2112"), config.warnings().stream().map(warning -> warning.code()).toList());
    }

    @Test
    void datagramsCanChooseAnewBesideTrackedTcp() {
        LoomConfig config = one("xdp: {protocols: {udp: {session_affinity: {enabled: false}}}}, ", "");
        assertEquals(List.of(new Service(Protocol.TCP, 80)), config.vips().get(0).services());
        assertFalse(config.conntrack().sessions());
        assertTrue(config.conntrack().enabled());
    }
}
