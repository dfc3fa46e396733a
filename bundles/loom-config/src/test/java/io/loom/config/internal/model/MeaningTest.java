package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.Attachment;
import io.loom.api.config.Attachment.Mode;
import io.loom.api.config.HealthCheck;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Upstream.OnDown;
import io.loom.api.config.Upstream.Server;
import io.loom.api.config.Vip;
import io.loom.api.config.Vip.Service;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class MeaningTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ebpf:                                       | true",
        "ebpf: {xdp: {}}                             | true",
        "ebpf: {enabled: false}                      | false",
        "ebpf: {enabled: true, xdp: {enabled: false}}| false",
        "admin: {}                                   | false"
    })
    void aSectionThatIsPresentIsEnabledUnlessItSaysOtherwise(String yaml, boolean enabled) {
        assertEquals(enabled, Yaml.good(yaml).enabled());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ebpf:                                        | nat",
        "ebpf: {xdp: {dsr: {}}}                       | ipip",
        "ebpf: {xdp: {dsr: {enabled: false}}}         | nat",
        "ebpf: {xdp: {dsr: {encap: none}}}            | l2",
        "ebpf: {xdp: {dsr: {encap: l2}}}              | l2",
        "ebpf: {xdp: {dsr: {encap: gue}}}             | gue"
    })
    void dsrChoosesTheForwardingMethod(String yaml, String forwarding) {
        assertEquals(forwarding, Yaml.good(yaml).vips().get(0).forwarding());
    }

    @Test
    void aListOfInterfacesWithoutAnyIsToldLikeNone() {
        for (String interfaces : List.of("{interface: []}", "{xdp: {interface: []}}", "{xdp: {}}")) {
            assertTrue(Yaml.warnings("ebpf: " + interfaces).stream().anyMatch(warning -> warning.startsWith("2102")), interfaces);
        }
    }

    @Test
    void cpusAndTheSizeOfABatchAreReadAndLeftToTheHostByDefault() {
        LoomConfig chosen = Yaml.good("ebpf: {xdp: {interface: eth0, cpu_affinity: [2, 3, 2], batch_size: 64}}");
        assertEquals(List.of(2, 3), chosen.attachment().cpus());
        assertEquals(64, chosen.maps().batch());
        assertEquals(List.of(2), Yaml.good("ebpf: {xdp: {interface: eth0, cpu_affinity: 2}}").attachment().cpus());
        LoomConfig all = Yaml.good("ebpf: {xdp: {interface: eth0, cpu_affinity: all}}");
        assertEquals(List.of(), all.attachment().cpus());
        assertEquals(4096, all.maps().batch());
    }

    @Test
    void theSizeOfTheRingIsReadAndTakenWithoutAWarning() {
        LoomConfig chosen = Yaml.good("ebpf: {xdp: {interface: eth0, ring_buffer_size: 16384}}");
        assertEquals(16384, chosen.maps().ringBytes());
        assertEquals(List.of(), chosen.warnings().stream().filter(warning -> warning.text().contains("ring_buffer_size")).toList());
        assertEquals(262_144, Yaml.good("ebpf: {xdp: {interface: eth0}}").maps().ringBytes());
    }

    @Test
    void bothShapesMayAgree() {
        LoomConfig config = Yaml.good("ebpf: {interface: [a, b], xdp_mode: generic, xdp: {interface: [b, a], mode: generic}}");
        assertEquals(List.of("b", "a"), config.attachment().interfaces());
        assertEquals(Mode.GENERIC, config.attachment().mode());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "fallback: generic               | true",
        "fallback: [generic, websocket]  | true",
        "fallback: [websocket]           | false",
        "mode: offload                   | false"
    })
    void genericIsAFallbackOnlyIfTheFileSaysSo(String yaml, boolean fallback) {
        assertEquals(fallback, Yaml.good("ebpf: {xdp: {" + yaml + "}}").attachment().genericFallback());
    }

    @Test
    void aVipInheritsWhatItDoesNotChoose() {
        Vip vip = Yaml.good("""
                ebpf:
                  xdp: {load_balancing: {algorithm: mine, maglev_table_size: 101}, dsr: {encap: gue}}
                  vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [{address: 10.0.0.1, port: 80}]}]
                """).vips().get(0);
        assertEquals(List.of("mine", "101", "gue", "a", "true"),
                List.of(vip.algorithm(), "" + vip.tableSize(), vip.forwarding(), vip.upstream(), "" + vip.assign()));
    }

    @Test
    void aVipsOwnChoiceWins() {
        LoomConfig config = Yaml.good("""
                ebpf:
                  xdp: {dsr: {}}
                  vips:
                    - name: web
                      addresses: ["2001:db8::9", 10.0.0.9]
                      protocol: tcp
                      ports: [80, 443]
                      algorithm: weighted
                      table_size: 1000
                      forwarding: nat
                      upstream: shop
                      assign: false
                upstreams: [{name: shop, servers: [{address: 10.0.0.1, port: 8080}, {address: "2001:db8::1", port: 8080}]}]
                """);
        Vip vip = config.vips().get(0);
        assertEquals(List.of(new Service(Protocol.TCP, 80), new Service(Protocol.TCP, 443)), vip.services());
        assertEquals("weighted 1000 nat shop", vip.algorithm() + " " + vip.tableSize() + " " + vip.forwarding() + " " + vip.upstream());
        assertFalse(vip.assign());
        assertFalse(vip.interfaceAddresses());
        assertEquals(List.of(), config.warnings().stream().filter(warning -> !warning.code().equals("LOOM-2102")).toList());
    }

    @Test
    void theFlatVipStandsBesideOthersIfItIsComplete() {
        String vips = "vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [{address: 10.0.0.1, port: 80}]}]";
        String ports = "xdp: {interface: e, protocols: {tcp: {ports: 443}}}";
        String backends = "backends: [{address: 10.0.0.2, port: 80}]";
        assertEquals(List.of("default", "a"), vips(vips, ports, backends));
        assertEquals(List.of("a"), vips(vips, ports));
        assertEquals(List.of("a"), vips(vips, backends));
        assertEquals(List.of("default"), vips("vips: []", ports));
    }

    private static List<String> vips(String... parts) {
        return Yaml.good("ebpf: {" + String.join(", ", parts) + "}").vips().stream().map(Vip::name).toList();
    }

    @Test
    void idsAndWeightsAreKept() {
        Upstream group = Yaml.good("ebpf: {backends: [{address: 10.0.0.1, port: 1}, {id: 7, address: 10.0.0.2, port: 2, weight: 0}]}")
                .upstreams().get(0);
        assertEquals(List.of(OptionalInt.empty(), OptionalInt.of(7)), group.servers().stream().map(Server::id).toList());
        assertEquals(List.of(100, 0), group.servers().stream().map(Server::weight).toList());
    }

    @Test
    void timeoutsHaveTheSpecificationsDefaults() {
        var set = Yaml.good("ebpf: {conntrack: {timeout: 10m, tcp_timeouts: {syn_sent: 5s}}}").conntrack();
        assertEquals(Duration.ofMinutes(10), set.established());
        assertEquals(Duration.ofSeconds(5), set.synSent());
        assertEquals(Duration.ofSeconds(120), set.timeWait());
        assertEquals(Duration.ofHours(1), Yaml.good("ebpf: {conntrack: {tcp_timeouts: {established: 1h}}}").conntrack().established());
    }

    @Test
    void theMapsSizeWinsOverConntracks() {
        String yaml = "ebpf: {interface: e, conntrack: {max_entries: 5}, maps: {connections: {max_entries: 9, type: hash}}}";
        assertEquals(9, Yaml.good(yaml).maps().connections().maxEntries());
        assertEquals("hash", Yaml.good(yaml).maps().connections().type());
        assertEquals(List.of("2108 1:85"), Yaml.warnings(yaml));
        assertEquals(5, Yaml.good("ebpf: {conntrack: {max_entries: 5}}").maps().connections().maxEntries());
    }

    @Test
    void statelessNeedsDsrAndAHash() {
        assertFalse(Yaml.good("ebpf: {conntrack: {enabled: false}, xdp: {dsr: {}}}").conntrack().enabled());
    }

    private static final String SHOP = """
            upstreams:
              - name: shop
                servers: [{address: 10.0.0.1, port: 80}]
                health_check: {interval: 500ms, rise: 1, fall: 5, port: 81}
            """;
    private static final String TWO = "  backends: [{address: 10.0.0.1, port: 80}, {address: 10.0.0.2, port: 80}]\n";

    @Test
    void backendsAreProbedAsTheUpstreamThatHealthIntegrationNames() {
        String yaml = "ebpf:\n  interface: e\n  xdp: {protocols: {tcp: {ports: 80}}}\n  health_integration: {upstream: shop}\n" + TWO + SHOP;
        Upstream group = Yaml.good(yaml).upstreams().get(0);
        assertEquals(Optional.of(new HealthCheck(Duration.ofMillis(500), Duration.ofMillis(500), 1, 5, OptionalInt.of(81))), group.check());
        assertEquals(List.of(true, false), group.servers().stream().map(Server::probed).toList());
        assertEquals(List.of("2105 5:55"), Yaml.warnings(yaml));
    }

    @Test
    void withoutHealthIntegrationBackendsAreNotProbedButUpstreamsAre() {
        List<Upstream> groups = Yaml.good("ebpf:\n" + TWO + SHOP).upstreams();
        assertTrue(groups.get(0).check().isEmpty());
        assertEquals(List.of(false, false), groups.get(0).servers().stream().map(Server::probed).toList());
        assertTrue(groups.get(1).check().isPresent());
    }

    @Test
    void healthIntegrationThatIsOffTakesEveryCheckAway() {
        List<Upstream> groups = Yaml.good("ebpf:\n  health_integration: {enabled: false}\n" + TWO + SHOP).upstreams();
        assertEquals(List.of(Optional.empty(), Optional.empty()), groups.stream().map(Upstream::check).toList());
        assertEquals(List.of(2, 1), groups.stream().map(group -> group.servers().size()).toList());
        assertTrue(groups.stream().flatMap(group -> group.servers().stream()).noneMatch(Server::probed));
    }

    @Test
    void connectionsLeaveABackendThatIsDownUnlessItsUpstreamSaysKeep() {
        String keeping = SHOP + "    on_down: keep\n";
        assertEquals(List.of(OnDown.MOVE, OnDown.MOVE), onDown("ebpf:\n  health_integration: {upstream: shop}\n" + TWO + SHOP));
        assertEquals(List.of(OnDown.KEEP, OnDown.KEEP), onDown("ebpf:\n  health_integration: {upstream: shop}\n" + TWO + keeping));
        assertEquals(List.of(OnDown.MOVE, OnDown.KEEP), onDown("ebpf:\n  health_integration: {upstream: shop, on_down: move}\n" + TWO + keeping));
        assertEquals(List.of(OnDown.KEEP, OnDown.MOVE), onDown("ebpf:\n  health_integration: {on_down: keep}\n" + TWO + SHOP));
    }

    private static List<OnDown> onDown(String yaml) {
        return Yaml.good(yaml).upstreams().stream().map(Upstream::onDown).toList();
    }

    static Stream<Arguments> remarkable() {
        String vip = "vips: [{name: a, addresses: %s, ports: %d, backends: [{address: 10.0.0.1, port: %d}]}]";
        return Stream.of(
                Arguments.of("xdp: {dsr: {}}, " + vip.formatted("10.0.0.9", 80, 8080), List.of("2106 1:124")),
                Arguments.of(vip.formatted("[10.0.0.9, \"::9\"]", 80, 80), List.of("2107 1:61")),
                Arguments.of("xdp: {dsr: {}}, " + vip.formatted("\"::9\"", 80, 80), List.of()),
                Arguments.of("xdp: {dsr: {encap: none}}, " + vip.formatted("\"::9\"", 80, 80), List.of("2107 1:77")),
                Arguments.of(vip.formatted("10.0.0.9", 9091, 80) + "}\nadmin: {rest: {address: 0.0.0.0}", List.of("2109 1:67")),
                Arguments.of(vip.formatted("10.0.0.9", 9091, 80), List.of()),
                Arguments.of("xdp: {routes: [{match: {ports: 80}, action: pass}]}", List.of("2110 1:36")),
                Arguments.of("xdp: {connection_affinity: {enabled: false}}", List.of()),
                Arguments.of("backends: [{address: 127.0.0.1, port: 80}], xdp: {protocols: {tcp: {ports: 80}}}", List.of("2115 1:43")),
                Arguments.of("xdp: {dsr: {}, protocols: {tcp: {ports: 80}}}, backends: [{address: 10.0.0.1, port: 80}]",
                        List.of("2114 1:33")));
    }

    @ParameterizedTest
    @MethodSource("remarkable")
    void whatDeservesALookIsAWarning(String yaml, List<String> warnings) {
        assertEquals(warnings, Yaml.warnings("ebpf: {interface: e, " + yaml + "}"));
    }

    /** Once: a hundred thousand lines say no more than one, and hide the rest. */
    @Test
    void aPortThatDirectReturnIgnoresIsToldOnceForAnUpstream() {
        StringBuilder servers = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            servers.append("{address: 10.1.0.").append(i + 1).append(", port: ").append(i == 7 ? 80 : 8080).append("}, ");
        }
        LoomConfig config = Yaml.good("""
                ebpf:
                  vips:
                    - {name: a, addresses: 10.0.0.9, ports: [80, 443, 8443], forwarding: ipip, upstream: many}
                    - {name: b, addresses: 10.0.0.10, ports: [80, 443], forwarding: gue, upstream: many}
                    - {name: c, addresses: 10.0.0.11, ports: 8443, forwarding: ipip, upstream: other}
                    - {name: d, addresses: 10.0.0.12, ports: 8443, forwarding: nat, upstream: third}
                upstreams:
                  - {name: many, servers: [%s]}
                  - {name: other, servers: [{address: 10.2.0.1, port: 1}]}
                  - {name: third, servers: [{address: 10.2.0.2, port: 1}]}
                """.formatted(servers));
        List<String> told = config.warnings().stream().filter(warning -> warning.code().equals("LOOM-2106")).map(Problem::what).toList();
        assertEquals(List.of("backend 10.1.0.1:8080 and 198 more of upstream many get packets for port 80, 443, 8443 of vip a",
                "backend 10.2.0.1:1 gets packets for port 8443 of vip c"), told);
    }

    @Test
    void theBasicFormsModeHoldsWhereTheFullOneSaysNothing() {
        assertEquals(Attachment.Mode.GENERIC, Yaml.good("ebpf: {interface: e, xdp_mode: generic}").attachment().mode());
        assertEquals(Attachment.Mode.GENERIC, Yaml.good("ebpf: {interface: e, xdp_mode: generic, xdp: {mode: generic}}").attachment().mode());
        assertEquals(Attachment.Mode.GENERIC, Yaml.good("ebpf: {interface: e, xdp: {mode: generic}}").attachment().mode());
        assertEquals(Attachment.Mode.NATIVE, Yaml.good("ebpf: {interface: e}").attachment().mode());
    }

    /** Loom's own ports are where it listens: of a vip that names addresses, at these; of the interface's, wherever packets come from. */
    @Test
    void aPortOfRestIsTheVipsOnlyWhereBothCanBeMet() {
        String named = "vips: [{name: a, addresses: 10.0.0.9, ports: 80, upstream: default}], backends: [{address: 10.0.0.1, port: 80}]}\n";
        String flat = "xdp: {protocols: {tcp: {ports: 80}}}, backends: [{address: 10.0.0.1, port: 80}]}\n";
        for (String ebpf : List.of(named, flat)) {
            assertEquals(List.of(), Yaml.warnings("ebpf: {interface: e, " + ebpf + "admin: {rest: {address: 127.0.0.1, port: 80}}\n"), ebpf);
            assertEquals(1, Yaml.warnings("ebpf: {interface: e, " + ebpf + "admin: {rest: {address: 0.0.0.0, port: 80}}\n").size(), ebpf);
            assertEquals(List.of(), Yaml.warnings("ebpf: {interface: e, " + ebpf + "admin: {rest: {address: 0.0.0.0, port: 81}}\n"), ebpf);
        }
    }
}
