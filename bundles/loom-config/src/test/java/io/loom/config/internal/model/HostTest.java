package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file says of the host that it is for, and what room there is for its backends. */
class HostTest {

    private static Host cpus(Set<Integer> possible, Set<Integer> online) {
        return new Host(Optional.of(new Host.Cpus(possible, online)), Set.of());
    }

    @Test
    void theSpecificationsCpusAreTakenWhereTheyAreThere() {
        String file = "ebpf:\n  interface: e\n  xdp:\n    cpu_affinity: [0, 1, 2, 3]\n";
        assertEquals(List.of(0, 1, 2, 3), Yaml.good(file).attachment().cpus());
        List<Problem> problems = Yaml.read(file, cpus(Set.of(0, 1), Set.of(0, 1))).problems();
        assertEquals(List.of("f:4:26", "f:4:29"), problems.stream().map(Problem::where).toList());
        assertEquals("this host never has a CPU 2", problems.get(0).why());
        assertTrue(problems.get(0).fix().contains("0-1"), problems.get(0).fix());
    }

    @Test
    void aCpuThatIsOfflineWhenTheFileIsReadIsNamed() {
        Problem problem = Yaml.read("ebpf: {interface: e, xdp: {cpu_affinity: 4}}").problems().get(0);
        assertEquals(List.of("LOOM-2013", "f:1:42", "CPU 4 is offline"), List.of(problem.code(), problem.where(), problem.why()));
        assertTrue(problem.fix().contains("0-3"), problem.fix());
        assertTrue(Yaml.read("ebpf: {interface: e, xdp: {cpu_affinity: 7}}", cpus(Set.of(0, 2, 3, 7), Set.of(0, 2, 3)))
                .problems().get(0).fix().contains("0, 2-3"));
    }

    @Test
    void allCpusNeedNoList() {
        Host blind = new Host(Optional.empty(), Set.of());
        assertEquals(List.of(), Yaml.read("ebpf: {interface: e, xdp: {cpu_affinity: all}}", blind).config().orElseThrow().warnings());
        List<Problem> warnings = Yaml.read("ebpf: {interface: e, xdp: {cpu_affinity: 7}}", blind).config().orElseThrow().warnings();
        assertEquals(List.of("LOOM-2130"), warnings.stream().map(Problem::code).toList());
    }

    private static final String VIP = "ebpf: {interface: e, vips: [{name: a, forwarding: %s, ports: 80, addresses: [%s], "
            + "backends: [{address: 10.0.0.1, port: 80}, {address: \"fd00::1\", port: 80}]}]}";

    @ParameterizedTest
    @CsvSource({"ipip, 10.0.0.254", "gue, 10.0.0.254", "l2, 10.0.0.254", "ipip, '\"fd00::fe\"'", "l2, '\"fd00:0::fe\"'"})
    void aVipByDirectServerReturnIsNoneOfTheHostsOwnAddresses(String method, String address) {
        List<Problem> problems = Yaml.read(VIP.formatted(method, "10.0.0.9, " + address)).problems();
        int column = VIP.indexOf("[%s]") - 2 + method.length() + 1 + "10.0.0.9, ".length() + 1;
        assertEquals(List.of("LOOM-2026 f:1:" + column), problems.stream().map(p -> p.code() + " " + p.where()).toList());
        assertTrue(problems.get(0).what().contains(address.startsWith("10") ? "10.0.0.254" : "fd00"), problems.get(0).what());
    }

    @Test
    void underNatItCanBe() {
        assertEquals(List.of(), Yaml.problems(VIP.formatted("nat", "10.0.0.254, \"fd00::fe\"")));
    }

    @Test
    void thePointIsWhatTheVipItselfUses() {
        String flat = "ebpf: {interface: e, xdp: {dsr: {}}, vips: [{name: a%s, ports: 80, addresses: 10.0.0.254, "
                + "backends: [{address: 10.0.0.1, port: 80}]}]}";
        assertEquals(1, Yaml.problems(flat.formatted("")).size());
        assertEquals(List.of(), Yaml.problems(flat.formatted(", forwarding: nat")));
    }

    private static String servers(int count, String vips) {
        String servers = IntStream.rangeClosed(1, count).mapToObj(i -> "{address: 10.0.1.%d, port: 80}".formatted(i))
                .collect(Collectors.joining(", "));
        return "upstreams: [{name: u, servers: [" + servers + "]}]\nebpf: {interface: e, maps: {backends: {max_entries: 3}}, vips: [" + vips + "]}\n";
    }

    private static String vip(String method, int address) {
        return "{name: %s, addresses: 10.0.2.%d, ports: 80, upstream: u, forwarding: %s}".formatted(method, address, method);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void thereIsRoomForAsManyBackendsAsTheFileSays(int count) {
        assertEquals(List.of(), Yaml.problems(servers(count, vip("nat", 1))));
        assertEquals(List.of(), Yaml.problems(servers(count, vip("nat", 1) + ", " + vip("ipip", 2))), "by two methods");
    }

    @Test
    void oneMoreIsRefused() {
        assertEquals(List.of("2028 2:53"), Yaml.problems(servers(4, vip("nat", 1))));
        String three = vip("nat", 1) + ", " + vip("ipip", 2) + ", " + vip("gue", 3);
        Problem problem = Yaml.read(servers(3, three)).problems().get(0);
        assertEquals("LOOM-2028", problem.code());
        assertTrue(problem.fix().contains("to 5 or more"), problem.fix());
        assertEquals(List.of(), Yaml.problems(servers(2, three)));
    }

    @Test
    void numbersAreTwiceAsManyAndHaveAnEnd() {
        assertEquals(20_000, Yaml.good("ebpf: {interface: e}").maps().backendNumbers());
        assertEquals(32_766, Yaml.good("ebpf: {interface: e, maps: {backends: {max_entries: 32766}}}").maps().backendNumbers());
    }

    @Test
    void whatIsOnlineIsSaidInRanges() {
        Host gaps = cpus(Set.of(0, 1, 2, 3, 4, 5, 6, 7, 8), Set.of(0, 1, 2, 5, 7, 8));
        Problem offline = Yaml.read("ebpf: {interface: e, xdp: {cpu_affinity: 3}}", gaps).problems().get(0);
        assertEquals("bring it online, or name some of 0-2, 5, 7-8, which are, or all", offline.fix());
        Problem never = Yaml.read("ebpf: {interface: e, xdp: {cpu_affinity: 9}}", gaps).problems().get(0);
        assertEquals("name some of 0-2, 5, 7-8, which are online, or all", never.fix());
    }
}
