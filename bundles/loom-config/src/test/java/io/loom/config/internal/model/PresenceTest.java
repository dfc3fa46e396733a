package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.config.Present;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Names in a file that a host lacks: what loomd --check warns of. */
class PresenceTest {
    private static final Present PRESENT = new Present(List.of("nat", "ipip"), List.of("weighted", "maglev"), List.of("lo", "eth0"));

    private static List<Problem> warnings(String yaml, Present present) {
        Reading reading = new ConfigReader("f", (path, limit) -> Files.readAllBytes(path), () -> Yaml.HOST, Optional.of(present))
                .read(yaml.getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(), reading.problems());
        return reading.warnings();
    }

    private static List<String> lines(String yaml) {
        return warnings(yaml, PRESENT).stream().map(Problem::toString).toList();
    }

    private static String vips(String xdp, String... choices) {
        StringBuilder yaml = new StringBuilder("ebpf:\n  interface: eth0\n  xdp: {" + xdp + "}\n  vips:\n");
        for (int i = 0; i < choices.length; i++) {
            yaml.append("  - {name: v%d, addresses: 10.0.1.%d, ports: 80, upstream: u%s}\n".formatted(i, i + 1, choices[i]));
        }
        return yaml + "upstreams: [{name: u, servers: [{address: 10.0.0.1, port: 80}]}]\n";
    }

    @Test
    void aFileWhoseNamesAreAllThereIsGood() {
        assertEquals(List.of(), lines(vips("", "", ", forwarding: ipip", ", algorithm: weighted")));
    }

    @Test
    void aMisspeltMethodOrAlgorithmOfAVipIsNamed() {
        assertEquals(List.of(
                "LOOM-2120 f:5:73: forwarding method ipipp of vip v0 is not deployed: there are: ipip, nat; did you mean ipip? "
                        + "a vip without it has no listeners until its bundle is deployed",
                "LOOM-2120 f:6:72: algorithm maglv of vip v1 is not deployed: there are: maglev, weighted; did you mean maglev? "
                        + "a vip without it has no listeners until its bundle is deployed"),
                lines(vips("", ", forwarding: ipipp", ", algorithm: maglv")));
    }

    @Test
    void aDefaultIsNamedOnceAtItsPlaceAndNotWhereNoVipGoesByIt() {
        String defaults = "load_balancing: {algorithm: other}, dsr: {encap: none}";
        assertEquals(List.of("f:3:37", "f:3:58"), warnings(vips(defaults, "", ""), PRESENT).stream().map(Problem::where).toList());
        assertEquals(List.of(), lines(vips(defaults, ", algorithm: maglev, forwarding: nat")));
    }

    @Test
    void theFlatFormIsJudgedToo() {
        List<String> lines = lines("ebpf:\n  interface: eth0\n  xdp: {load_balancing: {algorithm: maglv}, protocols: {tcp: {ports: 80}}}\n"
                + "  backends: [{address: 10.0.0.1, port: 80}]\n");
        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.get(0).startsWith("LOOM-2120 f:3:37: algorithm maglv of vip default is not deployed"), lines.get(0));
    }

    @Test
    void anInterfaceThatIsNotThereIsNamed() {
        assertEquals(List.of("LOOM-2121 f:1:26: interface eht0 does not exist on this host; did you mean eth0? "
                + "loomd attaches to it as soon as it appears"),
                interfaces("ebpf: {interface: [eth0, eht0]}"));
        assertEquals(1, interfaces("ebpf: {xdp: {interface: wan7}}").size());
    }

    private static List<String> interfaces(String yaml) {
        return lines(yaml).stream().filter(line -> line.startsWith("LOOM-2121")).toList();
    }

    @Test
    void withoutAnyBundleEveryNameIsMissing() {
        List<Problem> warnings = warnings(vips("", ""), new Present(List.of(), List.of(), List.of("eth0")));
        assertEquals(List.of("none is", "none is"), warnings.stream().map(Problem::why).toList());
    }
}
