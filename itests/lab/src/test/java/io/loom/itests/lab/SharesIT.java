package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Two vips that differ in algorithm and method, and a third: each shares out by its own weights, whatever the others do. HTTP,
 * a connection for each request, from both processors; over IPv4 from one, over IPv6 from the other; and DNS over UDP.
 */
class SharesIT extends LabTest {
    private static final int SECONDS = 60;
    private static final int LEAST = 10_000;
    private static final int QUESTIONS = 1200;
    private static final List<Integer> WEIGHTS = List.of(100, 200, 300);
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern REPORT =
            Pattern.compile("report requests=(\\d+) connect=0 read=0 write=0 status=0 timeout=0 ");

    /** @param tolerance of each share, relative to what the weights say */
    private record Vip(String name, int number, String algorithm, String forwarding, List<Integer> weights, double tolerance) {
        String yaml() {
            return yaml("tcp", 80) + yaml("udp", 53);
        }

        private String yaml(String protocol, int port) {
            String backends = IntStream.range(0, weights.size()).boxed()
                    .flatMap(i -> Stream.of("10.77.0.1", "fd77::1").map(network -> "{address: \"" + network + (i + 1)
                            + "\", port: " + port + ", weight: " + weights.get(i) + "}")).collect(Collectors.joining(", "));
            return "    - {name: " + name + "-" + protocol + ", addresses: [" + address4() + ", \"" + address6() + "\"], protocol: "
                    + protocol + ", ports: [" + port + "], algorithm: " + algorithm + ", forwarding: " + forwarding
                    + ", backends: [" + backends + "]}\n";
        }

        String address4() {
            return "10.77.0." + number;
        }

        String address6() {
            return "fd77::" + number;
        }
    }

    private static final List<Vip> VIPS = List.of(
            new Vip("weighted", 101, "weighted", "l2", WEIGHTS, 0.03),
            new Vip("robin", 110, "round_robin", "nat", List.of(100, 100, 100), 0.03),
            new Vip("maglev", 102, "maglev", "ipip", WEIGHTS, 0.05));

    SharesIT() {
        super("shares");
    }

    @Test
    void mixedTrafficOverTwoProcessorsIsSharedOutByTheWeightsOfEachVip() {
        // Each connection of nat occupies a port for two minutes after its end: one address has too few for this.
        StringBuilder yaml = new StringBuilder("""
                ebpf:
                  xdp:
                    interface: eth0
                    nat: {source_addresses: [10.77.0.201, 10.77.0.202, 10.77.0.203, "fd77::201", "fd77::202", "fd77::203"]}
                  vips:
                """);
        VIPS.forEach(vip -> yaml.append(vip.yaml()));
        startWith(yaml.toString());
        List<Background> load = new ArrayList<>();
        for (Vip vip : VIPS) {
            load.add(wrk(0, vip.address4()));
            load.add(wrk(1, "[" + vip.address6() + "]"));
        }
        VIPS.forEach(this::assertSharesOfDatagrams);
        load.forEach(SharesIT::assertNothingFailed);
        for (Vip vip : VIPS) {
            boolean nat = vip.forwarding.equals("nat");
            assertSharesOfConnections(vip, backend -> nat ? Lab.address4(backend) : vip.address4());
            assertSharesOfConnections(vip, backend -> nat ? Lab.address6(backend) : vip.address6());
        }
        loomd.configure(yaml.toString().replaceAll("    nat: .*\\n", ""));
        Await.until("nat's addresses are off the interface", LIMIT, () -> !addresses().contains(":201"), this::addresses);
    }

    private String addresses() {
        return lab.on("balancer", "ip", "-br", "address").succeeded();
    }

    /** New connections only, from one processor. */
    private Background wrk(int processor, String address) {
        return Background.start(lab.lineOn("client", List.of("taskset", "-c", "" + processor, "wrk", "-t1", "-c6",
                "-d" + SECONDS + "s", "--timeout", "10s", "-H", "Connection: close", "-s",
                Lab.ROOT.resolve("lab/report.lua").toString(), "http://" + address + "/")));
    }

    private static void assertNothingFailed(Background wrk) {
        String output = wrk.end();
        Matcher report = REPORT.matcher(output);
        assertTrue(report.find() && Long.parseLong(report.group(1)) > 0, output);
    }

    /** By the logs of nginx, which tell the vips apart by their addresses, and nat by the backend's own. */
    private void assertSharesOfConnections(Vip vip, UnaryOperator<String> local) {
        List<Long> counts = Lab.BACKENDS.stream().map(backend -> lab.logged(backend, local.apply(backend), 80)).toList();
        assertTrue(counts.stream().mapToLong(Long::longValue).sum() > LEAST, vip + ": too few for a judgement: " + counts);
        assertShares(vip, counts, 0);
    }

    /** By the answers; so few flows that chance has its part where it chooses (four standard deviations). */
    private void assertSharesOfDatagrams(Vip vip) {
        for (String address : List.of(vip.address4(), vip.address6())) {
            Map<String, Long> names = Dig.names(lab, address, QUESTIONS).stream()
                    .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
            assertShares(vip, Lab.BACKENDS.stream().map(backend -> names.getOrDefault(backend, 0L)).toList(),
                    vip.algorithm.equals("maglev") ? 4 : 0);
        }
    }

    private void assertShares(Vip vip, List<Long> counts, int deviations) {
        double total = counts.stream().mapToLong(Long::longValue).sum();
        double weights = vip.weights.stream().mapToInt(Integer::intValue).sum();
        tell("%s, %s: %s", vip.algorithm, vip.forwarding, counts);
        for (int i = 0; i < counts.size(); i++) {
            double expected = total * vip.weights.get(i) / weights;
            assertEquals(expected, counts.get(i), expected * vip.tolerance + deviations * Math.sqrt(expected), vip + ": " + counts);
        }
    }
}
