package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MistakesTest {

    /** Files with the codes and places of their problems, and words of the first message. */
    static Stream<Arguments> mistakes() {
        return Stream.of(
                row("unknown key, near a known one", "ebpf:\n  intreface: eth0\n", "2010 2:3", "did you mean interface?"),
                row("unknown key of another section", "ebpf:\n  dsr: {}\n", "2010 2:3", "dsr belongs into ebpf.xdp"),
                row("unknown top-level key", "loadbalancer: 1\n", "2010 1:1", "allowed here: ebpf, upstreams, admin"),
                row("merge key", "ebpf:\n  <<: {enabled: true}\n", "2010 2:3", "write the keys out"),
                row("misspelt required key is one mistake", "ebpf: {backends: [{adress: 10.0.0.1, port: 1}]}\n", "2010 1:20", "address"),
                row("key twice", "ebpf:\n  mode: xdp\n  mode: xdp\n", "2011 3:3", "the first is at f:2:3"),
                row("section as list", "ebpf: []\n", "2012 1:7", "give a section"),
                row("list as section", "ebpf: {backends: {id: 1}}\n", "2012 1:18", "list of sections"),
                row("list as key", "ebpf: {[a, b]: 1}\n", "2012 1:8", "cannot be a key"),
                row("file as list", "- ebpf\n", "2012 1:1", "the file is a list"),
                row("file as word", "ebpf\n", "2012 1:1", "the file is a single value"),
                row("word as flag", "ebpf: {enabled: yes}\n", "2012 1:17", "write true"),
                row("quoted number", "ebpf: {conntrack: {max_entries: \"10\"}}\n", "2012 1:33", "remove the quotes"),
                row("fraction", "ebpf: {conntrack: {max_entries: 1.5}}\n", "2012 1:33", "whole number"),
                row("not a number", "ebpf: {conntrack: {max_entries: .nan}}\n", "2012 1:33", "whole number"),
                row("leading zero", "ebpf: {conntrack: {max_entries: 010}}\n", "2012 1:33", "whole number"),
                row("no value", "ebpf:\n  mode:\n", "2012 2:8", "remove the key"),
                row("tag", "ebpf: {mode: !secret xdp}\n", "2012 1:14", "remove the tag"),
                row("huge number", "ebpf: {conntrack: {max_entries: " + "9".repeat(400) + "}}\n", "2013 1:33", "out of range"),
                row("negative", "ebpf: {conntrack: {max_entries: -1}}\n", "2013 1:33", "from 1 to"),
                row("port range", "ebpf: {xdp: {protocols: {tcp: {ports: [80, 65536]}}}}\n", "2013 1:44", "from 1 to 65535"),
                row("weight range", "ebpf: {backends: [{address: 10.0.0.1, port: 80, weight: 65536}]}\n", "2013 1:57", "from 0 to 65535"),
                row("stats below 256", "ebpf: {maps: {stats: {max_entries: 255}}}\n", "2013 1:36", "from 256"),
                row("duration range", "ebpf: {conntrack: {timeout: 0s}}\n", "2013 1:29", "from 1s to 168h"),
                row("huge duration", "ebpf: {conntrack: {timeout: 99999999999999h}}\n", "2013 1:29", "out of range"),
                row("timeout above interval", "upstreams: [{name: a, servers: [], health_check: {interval: 1s, timeout: 2s}}]\n",
                        "2013 1:74", "at most 1s"),
                row("choice", "ebpf: {mode: xpd}\n", "2014 1:14", "did you mean xdp? allowed: xdp, hybrid"),
                row("map type", "ebpf: {maps: {connections: {type: lru}}}\n", "2014 1:35", "lru_hash, hash"),
                row("missing keys", "ebpf: {backends: [{id: 7}]}\n", List.of("2015 1:19", "2015 1:19"), "address is missing"),
                row("null backend", "ebpf: {backends: [~]}\n", List.of("2015 1:19", "2015 1:19"), "address is missing"),
                row("no address", "ebpf: {vips: [{name: a, addresses: [], ports: 80, backends: []}]}\n", "2015 1:36", "no address"),
                row("host name", "ebpf: {backends: [{address: localhost, port: 80}]}\n", "2016 1:29", "not a name"),
                row("prefix", "ebpf: {backends: [{address: 10.0.0.1/32, port: 80}]}\n", "2016 1:29", "leave the prefix length out"),
                row("duration without unit", "ebpf: {conntrack: {timeout: 300}}\n", "2016 1:29", "write for example 300s"),
                row("interface name", "ebpf: {interface: an-interface-too-long}\n", "2016 1:19", "1 to 15 characters"),
                row("table size", "ebpf: {xdp: {load_balancing: {maglev_table_size: 65536}}}\n", "2023 1:50", "the next prime is 65537"));
    }

    static Stream<Arguments> contradictions() {
        String backends = "  backends:\n  - {id: 1, address: 10.0.0.1, port: 80}\n";
        String vip = "  - {name: a, addresses: 10.0.0.9, ports: 80, backends: []}\n";
        return Stream.of(
                row("id twice", "ebpf:\n" + backends + "  - {id: 1, address: 10.0.0.2, port: 80}\n", "2020 4:10", "the first is at f:3:10"),
                row("id twice over lists", "ebpf:\n" + backends + "upstreams: [{name: u, servers: [{id: 1, address: 10.0.0.1, port: 80}]}]\n",
                        "2020 4:38", "the first is at f:3:10"),
                row("endpoint twice", "ebpf:\n" + backends + "  - {address: 10.0.0.1, port: 80}\n", "2020 4:15", "stands twice"),
                row("vip name twice", "ebpf:\n  vips:\n" + vip + "  - {name: a, addresses: 10.0.0.8, ports: 80, upstream: a}\n", "2020 4:12",
                        "vip name a is used twice"),
                row("listener twice", "ebpf:\n  vips:\n" + vip + "  - {name: b, addresses: [10.0.0.8, 10.0.0.9], ports: [1, 80], backends: []}\n",
                        "2020 4:37", "listener 10.0.0.9:80 of vip b is taken"),
                row("port twice", "ebpf: {xdp: {protocols: {tcp: {ports: [80, 80]}}}}\n", "2020 1:44", "port 80 stands twice"),
                row("interface twice", "ebpf: {interface: [eth0, eth0]}\n", "2020 1:26", "stands twice"),
                row("upstream twice", "upstreams: [{name: u, servers: []}, {name: u, servers: []}]\n", "2020 1:44", "f:1:20"),
                row("one port for REST and SSH", "admin: {rest: {port: 1000}, ssh: {port: 1000}}\n", "2020 1:41", "same port 1000"),
                row("dangling upstream", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80, upstream: wbe}]}\nupstreams: [{name: web, servers: []}]\n",
                        "2021 1:67", "did you mean web?"),
                row("two interfaces", "ebpf:\n  interface: eth0\n  xdp: {interface: eth1}\n", "2022 3:20", "ebpf.interface at f:2:14 is eth0"),
                row("two modes", "ebpf:\n  xdp_mode: generic\n  xdp: {mode: native}\n", "2022 3:15", "ebpf.xdp_mode at f:2:13 is generic"),
                row("vip table size", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [], table_size: 1000}]}\n", "2023 1:83",
                        "the next prime is 1009"),
                row("stateless nat", "ebpf: {conntrack: {enabled: false}}\n", "2024 1:29", "nat must know"),
                row("stateless round robin", "ebpf: {conntrack: {enabled: false}, xdp: {dsr: {}, load_balancing: {algorithm: round_robin}}}\n",
                        "2024 1:29", "round_robin does not"),
                row("upstream and backends", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [], upstream: a}]}\n", "2025 1:22",
                        "has both"),
                row("neither upstream nor backends", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80}]}\n", "2025 1:22", "has neither"),
                row("multicast vip", "ebpf: {vips: [{name: a, addresses: 224.0.0.1, ports: 80, backends: []}]}\n", "2026 1:36", "unicast"),
                row("loopback vip", "ebpf: {vips: [{name: a, addresses: \"::1\", ports: 80, backends: []}]}\n", "2026 1:36", "loopback"),
                row("unspecified backend", "ebpf: {backends: [{address: \"::\", port: 80}]}\n", "2026 1:29", "unicast"),
                row("reserved upstream", "ebpf:\n" + backends + "upstreams: [{name: default, servers: []}]\n", "2027 4:20", "ebpf.backends"),
                row("too many backends", "ebpf:\n" + backends + "  maps: {backends: {max_entries: 1}}\n", "2028 4:34", "2 or more"));
    }

    private static Arguments row(String name, String yaml, String problem, String words) {
        return row(name, yaml, List.of(problem), words);
    }

    private static Arguments row(String name, String yaml, List<String> problems, String words) {
        return Arguments.of(name, yaml, problems, words);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"mistakes", "contradictions"})
    void isReportedAtItsPlaceWithAWayOut(String name, String yaml, List<String> problems, String words) {
        assertEquals(problems, Yaml.problems(yaml));
        String text = Yaml.read(yaml).problems().get(0).toString();
        assertTrue(text.contains(words), text);
    }

    @Test
    void fiveKindsOfMistakesAreReportedTogether() {
        String yaml = """
                ebpf:
                  enabled: maybe
                  xdp:
                    interface: eth0
                    protocols:
                      tcp:
                        ports: [80, 70000]
                  conntrak:
                    timeout: 300s
                  backends:
                    - {id: 1, address: 10.0.1.10, port: 8080}
                    - {id: 1, address: 10.0.1.11, port: 8080}
                  vips:
                    - name: web
                      addresses: [10.0.0.100]
                      ports: [80]
                      upstream: shop
                """;
        assertEquals(List.of("2012 2:12", "2013 7:21", "2010 8:3", "2020 12:12", "2021 17:17"), Yaml.problems(yaml));
    }

    @Test
    void everyProblemSaysWhatToDo() {
        Stream.concat(mistakes(), contradictions()).map(row -> Yaml.read((String) row.get()[1]).problems())
                .flatMap(List::stream).forEach(problem -> assertTrue(!problem.fix().isEmpty(), problem.toString()));
    }

    @Test
    void aHopelessFileIsSummedUp() {
        String yaml = "ebpf: {interface: [" + String.join(", ", Arrays.asList("a/b".repeat(1200).split("(?<=b)"))) + "]}\n";
        List<Problem> problems = Yaml.read(yaml).problems();
        assertEquals(1001, problems.size());
        assertEquals("200 more problems are not shown", problems.get(1000).what());
    }
}
