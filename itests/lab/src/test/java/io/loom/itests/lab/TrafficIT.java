package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plain traffic: everything is answered, and each backend gets its share, in the kernel's counters as in nginx's logs. */
class TrafficIT extends LabTest {
    private static final int REQUESTS = 10_000;
    private static final double TOLERANCE = 0.1;

    TrafficIT() {
        super("traffic");
    }

    @ParameterizedTest
    @ValueSource(strings = {"nat", "ipip"})
    void tenThousandRequestsOverEachFamilyAreAnsweredAndSharedOut(String forwarding) {
        loomd.configure(Configurations.web(forwarding));
        Duration start = loomd.start();
        tell("%s: ready after %d ms, %d MiB resident", forwarding, start.toMillis(), loomd.residentMiB());
        try {
            shareOut(forwarding, Lab.VIP4, backend -> Lab.address4(backend) + ":80", Lab::address4);
            shareOut(forwarding, Lab.VIP6, backend -> "[" + Lab.address6(backend) + "]:80", Lab::address6);
        } finally {
            loomd.terminate(Duration.ofSeconds(5));
            loomd.detach().succeeded();
        }
    }

    private interface Naming {
        String of(String backend);
    }

    private void shareOut(String forwarding, String vip, Naming label, Naming address) {
        Map<String, Double> packetsBefore = counted("packets", label);
        Map<String, Double> connectionsBefore = counted("connections", label);
        Map<String, Long> logBefore = logged(forwarding, vip, address);
        Visits visits = Visits.burst(lab, vip, 80, REQUESTS);
        tell("%s %s: %s", forwarding, vip, visits);
        assertEquals(0, visits.failures(), visits.firstFailure());
        assertEquals(REQUESTS, visits.total());
        assertShares("answers", doubles(visits.answers()));
        Map<String, Long> log = logged(forwarding, vip, address);
        Map<String, Double> packets = counted("packets", label);
        Map<String, Double> connections = counted("connections", label);
        for (String backend : Lab.BACKENDS) {
            long answers = visits.answers().get(backend);
            assertEquals(answers, log.get(backend) - logBefore.get(backend), "nginx's log of " + backend);
            assertEquals(answers, connections.get(backend) - connectionsBefore.get(backend), "kernel's connections to " + backend);
            packets.merge(backend, -packetsBefore.get(backend), Double::sum);
        }
        tell("%s %s: packets to backends, by the kernel's counters: %s", forwarding, vip, packets);
        assertShares("packets", packets);
    }

    private static void assertShares(String what, Map<String, Double> counts) {
        double share = counts.values().stream().mapToDouble(Double::doubleValue).sum() / Lab.BACKENDS.size();
        for (String backend : Lab.BACKENDS) {
            double count = counts.getOrDefault(backend, 0.0);
            assertEquals(share, count, share * TOLERANCE, what + " of " + backend + " in " + counts);
        }
    }

    /** Under nat nginx is addressed by its own address, under direct return by the vip. */
    private Map<String, Long> logged(String forwarding, String vip, Naming address) {
        Map<String, Long> requests = new TreeMap<>();
        for (String backend : Lab.BACKENDS) {
            requests.put(backend, lab.logged(backend, forwarding.equals("nat") ? address.of(backend) : vip, 80));
        }
        return requests;
    }

    private Map<String, Double> counted(String what, Naming label) {
        Map<String, Double> metrics = rest.metrics();
        Map<String, Double> counts = new TreeMap<>();
        for (String backend : Lab.BACKENDS) {
            String sample = "loom_ebpf_backend_" + what + "_total{backend=\"" + label.of(backend) + "\"}";
            assertTrue(metrics.containsKey(sample), () -> "no " + sample + " in " + metrics.keySet());
            counts.put(backend, metrics.get(sample));
        }
        return counts;
    }

    private static Map<String, Double> doubles(Map<String, Long> counts) {
        Map<String, Double> doubles = new TreeMap<>();
        counts.forEach((key, count) -> doubles.put(key, count.doubleValue()));
        return doubles;
    }

    @Test
    void theProgramIsAttachedNativelyAndToolsShowNamesThatAReaderUnderstands() {
        loomd.configure(Configurations.web("nat"));
        loomd.start();
        try {
            String link = lab.on("balancer", "ip", "-d", "link", "show", "eth0").succeeded();
            assertTrue(link.contains(" xdp ") && link.contains("prog/xdp id " + pins.program().path("id").asInt()), link);
            assertTrue(pins.program().path("name").asText().startsWith("loom"), () -> pins.program().toString());
            String net = lab.on("balancer", "bpftool", "net", "show").succeeded();
            assertTrue(net.contains("eth0") && net.contains("driver id"), net);
            for (String map : pins.mapNames()) {
                String shown = pins.map(map).path("name").asText();
                assertEquals(map, shown, "bpftool's name of the map");
                assertTrue(shown.matches("(loom|nat|ipip)_[a-z0-9_]+"), shown);
            }
            tell("program %s, maps %s", pins.program().path("name").asText(), pins.mapNames());
        } finally {
            loomd.terminate(Duration.ofSeconds(5));
            loomd.detach().succeeded();
        }
    }
}
