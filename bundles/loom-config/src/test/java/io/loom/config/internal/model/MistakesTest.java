package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
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
                row("unknown key of four other sections", "ebpf:\n  xdp: {max_entries: 5}\n", "2010 2:9",
                        "max_entries belongs into ebpf.conntrack or ebpf.maps.backends or ebpf.maps.connections or ebpf.maps.stats; allowed"),
                row("unknown key, near one of another section", "ebpf:\n  encpa: gue\n", "2010 2:3", "encap belongs into ebpf.xdp.dsr; allowed"),
                row("key of many sections", "ebpf:\n  address: 10.0.0.1\n", "2010 2:3", "in ebpf; allowed here"),
                row("unknown top-level key", "loadbalancer: 1\n", "2010 1:1", "allowed here: ebpf, upstreams, admin"),
                row("merge key", "ebpf:\n  <<: {enabled: true}\n", "2010 2:3", "write the keys out"),
                row("misspelt required key is one mistake", "ebpf: {backends: [{adress: 10.0.0.1, port: 1}]}\n", "2010 1:20", "address"),
                row("key twice", "ebpf:\n  mode: xdp\n  mode: xdp\n", "2011 3:3", "the first is at f:2:3"),
                row("range of CPUs", "ebpf: {xdp: {cpu_affinity: 0-3}}\n", "2012 1:28", "give a whole number from 0 to 8191"),
                row("misspelt all", "ebpf: {xdp: {cpu_affinity: al}}\n", "2014 1:28", "did you mean all?"),
                row("vip without a port", "ebpf: {vips: [{name: a, addresses: 10.0.0.1, ports: [], backends: []}]}\n", "2015 1:53",
                        "the vip has no port"),
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
                row("map type", "ebpf: {maps: {connections: {type: lru}}}\n", "2014 1:35", "cache, lru_hash, hash"),
                row("more backends than numbers", "ebpf: {maps: {backends: {max_entries: 32767}}}\n", "2013 1:39",
                        "numbers of backends have 15 bits"),
                row("more than a week", "ebpf: {conntrack: {tcp_timeouts: {established: 169h}}}\n", "2013 1:48", "from 1s to 168h"),
                row("affinity of more than a week", "ebpf: {xdp: {connection_affinity: {timeout: 169h}}}\n", "2013 1:45", "to 168h"),
                row("no network", "ebpf: {xdp: {dsr: {source_prefixes: 10.0.0.1}}}\n", "2016 1:37", "such as 172.16.0.0/16"),
                row("network of a name", "ebpf: {xdp: {dsr: {source_prefixes: bad/16}}}\n", "2016 1:37", "not a network"),
                row("long prefix", "ebpf: {xdp: {dsr: {source_prefixes: 10.0.0.0/25}}}\n", "2013 1:37", "prefix of 8 to 24 bits"),
                row("short IPv6 prefix", "ebpf: {xdp: {dsr: {source_prefixes: \"fd00::/24\"}}}\n", "2013 1:37", "32 to 96 bits (IPv6)"),
                row("bits after the prefix", "ebpf: {xdp: {dsr: {source_prefixes: 172.16.1.0/16}}}\n", "2016 1:37", "write 172.16.0.0/16"),
                row("shared counters", "ebpf: {maps: {stats: {type: array}}}\n", "2014 1:29", "allowed: percpu_array"),
                row("port of gue", "ebpf: {xdp: {dsr: {gue_port: 0}}}\n", "2013 1:30", "from 1 to 65535"),
                row("source that is a name", "ebpf: {xdp: {nat: {source_addresses: snat}}}\n", "2016 1:38", "not a name"),
                row("tracking", "ebpf: {conntrack: {tracking: minimum}}\n", "2014 1:30", "did you mean minimal?"),
                row("missing keys", "ebpf: {backends: [{id: 7}]}\n", List.of("2015 1:19", "2015 1:19"), "address is missing"),
                row("null backend", "ebpf: {backends: [~]}\n", List.of("2015 1:19", "2015 1:19"), "address is missing"),
                row("no address", "ebpf: {vips: [{name: a, addresses: [], ports: 80, backends: []}]}\n", "2015 1:36", "no address"),
                row("host name", "ebpf: {backends: [{address: localhost, port: 80}]}\n", "2016 1:29", "not a name"),
                row("prefix", "ebpf: {backends: [{address: 10.0.0.1/32, port: 80}]}\n", "2016 1:29", "leave the prefix length out"),
                row("duration without unit", "ebpf: {conntrack: {timeout: 300}}\n", "2016 1:29", "write for example 300s"),
                row("probe without unit", "upstreams: [{name: a, servers: [], health_check: {timeout: 500}}]\n", "2016 1:60", "500ms or 500s"),
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
                row("stateless affinity", "ebpf: {conntrack: {enabled: false}, xdp: {dsr: {}, connection_affinity: {}}}\n",
                        "2024 1:29", "connection_affinity sends"),
                row("datagrams anew under nat", datagrams(""), "2024 1:60", "nat must know"),
                row("datagrams anew by turns", datagrams("dsr: {}, load_balancing: {algorithm: weighted}, "), "2024 1:108",
                        "weighted does not"),
                row("minimal nat", "ebpf: {conntrack: {tracking: minimal}}\n", "2029 1:30", "nat must know"),
                row("minimal round robin", minimal("algorithm: round_robin"), "2029 1:121", "round_robin does not"),
                row("minimal affinity", minimal("connection_affinity: {}"), "2029 1:122", "connection_affinity sends"),
                row("source twice", "ebpf: {xdp: {nat: {source_addresses: [10.0.0.5, 10.0.0.5]}}}\n", "2020 1:49", "f:1:39"),
                row("source of a vip", "ebpf:\n  xdp: {nat: {source_addresses: 10.0.0.9}}\n  vips:\n" + vip, "2020 2:33", "vip a at f:4:26 has it"),
                row("loopback source", "ebpf: {xdp: {nat: {source_addresses: 127.0.0.2}}}\n", "2026 1:38", "no backend can answer"),
                row("multicast source", "ebpf: {xdp: {nat: {source_addresses: \"ff02::1\"}}}\n", "2026 1:38", "unicast"),
                row("sixteen sources", "ebpf: {xdp: {nat: {source_addresses: [" + sources(16) + "]}}}\n", "2028 1:204", "four bits"),
                row("two networks of a family", "ebpf: {xdp: {dsr: {source_prefixes: [10.0.0.0/8, 172.16.0.0/16]}}}\n", "2020 1:50",
                        "keep one for each family"),
                row("loopback network", "ebpf: {xdp: {dsr: {source_prefixes: 127.0.0.0/8}}}\n", "2026 1:37", "cannot be a source"),
                row("protocol twice", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80, protocol: [udp, udp], backends: []}]}\n",
                        "2020 1:73", "protocol udp stands twice"),
                row("upstream and backends", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [], upstream: a}]}\n", "2025 1:22",
                        "has both"),
                row("neither upstream nor backends", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80}]}\n", "2025 1:22", "has neither"),
                row("multicast vip", "ebpf: {vips: [{name: a, addresses: 224.0.0.1, ports: 80, backends: []}]}\n", "2026 1:36", "unicast"),
                row("loopback vip", "ebpf: {vips: [{name: a, addresses: \"::1\", ports: 80, backends: []}]}\n", "2026 1:36", "loopback"),
                row("unspecified backend", "ebpf: {backends: [{address: \"::\", port: 80}]}\n", "2026 1:29", "unicast"),
                row("backend at its vip", "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [{address: 10.0.0.9, port: 80}]}]}\n",
                        "2026 1:78", "10.0.0.9:80 cannot be a backend: the file gives its address to vip a"),
                row("backend at another port of another vip", "ebpf:\n  vips:\n" + vip + "upstreams: [{name: u, servers: [{address: \"::ffff:10.0.0.9\", port: 8080}]}]\n",
                        "2026 4:43", "10.0.0.9:8080 cannot be a backend: the file gives its address to vip a"),
                row("backend of the flat form at a vip", "ebpf:\n" + backends + "  vips:\n" + vip.replace("10.0.0.9", "10.0.0.1"), "2026 3:22",
                        "the file gives its address to vip a"),
                row("backend at a source of nat", "ebpf:\n" + backends + "  xdp: {nat: {source_addresses: [10.0.0.7, 10.0.0.1]}}\n", "2026 3:22",
                        "10.0.0.1:80 cannot be a backend: the file gives its address to nat (source_addresses)"),
                row("reserved upstream", "ebpf:\n" + backends + "upstreams: [{name: default, servers: []}]\n", "2027 4:20", "ebpf.backends"),
                row("too many backends", "ebpf:\n" + backends + "  - {id: 2, address: 10.0.0.2, port: 80}\n  maps: {backends: {max_entries: 1}}\n", "2028 5:34",
                        "to 2 or more"));
    }

    private static String datagrams(String xdp) {
        return "ebpf: {xdp: {" + xdp + "protocols: {udp: {session_affinity: {enabled: false}}}}, vips: [{name: a, "
                + "addresses: 10.0.0.9, protocol: udp, ports: 53, backends: []}]}\n";
    }

    private static String minimal(String choice) {
        return "ebpf: {vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [], forwarding: l2, " + choice
                + ", tracking: minimal}]}\n";
    }

    private static String sources(int count) {
        return String.join(", ", IntStream.range(10, 10 + count).mapToObj(i -> "10.0.0." + i).toList());
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
