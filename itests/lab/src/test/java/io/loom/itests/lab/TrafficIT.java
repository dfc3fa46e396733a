package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plain traffic: everything is answered, and each backend gets its share, in the kernel's counters as in nginx's logs. */
class TrafficIT extends LabTest {
    private static final double TOLERANCE = 0.1;

    TrafficIT() {
        super("traffic");
    }

    @ParameterizedTest
    @CsvSource({"nat, 10000, 0, 0", "ipip, 10000, 20, 40", "gue, 4000, 28, 48", "l2, 4000, 0, 0"})
    void manyRequestsOverEachFamilyAreAnsweredAndSharedOut(String forwarding, int requests, int overhead4, int overhead6) {
        loomd.configure(Configurations.web(forwarding));
        Duration start = loomd.start();
        tell("%s: ready after %d ms, %d MiB resident", forwarding, start.toMillis(), loomd.residentMiB());
        try {
            shareOut(forwarding, requests, Lab.VIP4, backend -> Lab.address4(backend) + ":80", Lab::address4);
            assertOverhead(overhead4, Growth.NONE);
            Growth ipv4 = forwarded();
            shareOut(forwarding, requests, Lab.VIP6, backend -> "[" + Lab.address6(backend) + "]:80", Lab::address6);
            assertOverhead(overhead6, ipv4);
        } finally {
            loomd.terminate(Duration.ofSeconds(5));
            loomd.detach().succeeded();
        }
    }

    private interface Naming {
        String of(String backend);
    }

    /** By how many bytes forwarded packets have grown. */
    private record Growth(long packets, long bytes) {
        static final Growth NONE = new Growth(0, 0);
    }

    private Growth forwarded() {
        for (JsonNode verdict : rest.get("/ebpf/stats").json().path("verdicts")) {
            if (verdict.path("reason").asText().equals("forward")) {
                return new Growth(verdict.path("packets").asLong(),
                        verdict.path("bytes_out").asLong() - verdict.path("bytes_in").asLong());
            }
        }
        return Growth.NONE;
    }

    /** Each packet has grown by the headers of its method: no other method was at work. */
    private void assertOverhead(int overhead, Growth before) {
        Growth now = forwarded();
        assertNotEquals(before.packets, now.packets);
        assertEquals(overhead * (now.packets - before.packets), now.bytes - before.bytes, "bytes of outer headers");
    }

    private void shareOut(String forwarding, int requests, String vip, Naming label, Naming address) {
        Map<String, Double> packetsBefore = counted("packets", label);
        Map<String, Double> connectionsBefore = counted("connections", label);
        Map<String, Long> logBefore = logged(forwarding, vip, address);
        Visits visits = Visits.burst(lab, vip, 80, requests);
        tell("%s %s: %s", forwarding, vip, visits);
        assertEquals(0, visits.failures(), visits.firstFailure());
        assertEquals(requests, visits.total());
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
                assertTrue(shown.matches("(loom|nat)_[a-z0-9_]+"), shown);
            }
            tell("program %s, maps %s", pins.program().path("name").asText(), pins.mapNames());
        } finally {
            loomd.terminate(Duration.ofSeconds(5));
            loomd.detach().succeeded();
        }
    }
}
