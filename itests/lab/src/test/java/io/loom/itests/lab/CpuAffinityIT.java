package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code cpu_affinity} as the kernel's counters show it: here by threads of the queues, because a veth has no interrupts. */
class CpuAffinityIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int REQUESTS = 300;

    CpuAffinityIT() {
        super("cpu");
    }

    @BeforeAll
    void start() {
        loomd.configure(configuration("all"));
        loomd.start();
    }

    private static String configuration(String cpus) {
        return Configurations.web("nat").replace("  xdp_mode: native\n", "  xdp: {cpu_affinity: " + cpus + "}\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 0})
    void allPacketsAreSeenOnTheCpuThatTheFileNames(int cpu) {
        loomd.configure(configuration("[" + cpu + "]"));
        Await.until("the threads are bound", LIMIT, () -> loomd.log().contains("run on CPUs " + cpu), loomd::logTail);
        Map<Integer, Long> before = packets();
        assertEquals(0, Visits.burst(lab, Lab.VIP4, 80, REQUESTS).failures());
        Map<Integer, Long> after = packets();
        after.replaceAll((number, count) -> count - before.get(number));
        tell("cpu_affinity [%d]: packets by CPU %s", cpu, after);
        assertTrue(after.get(cpu) > 5 * REQUESTS, after::toString);
        after.forEach((number, count) -> assertTrue(number == cpu || count == 0, after::toString));
        assertEquals((double) packets().get(cpu), rest.metrics().get("loom_ebpf_cpu_packets_total{cpu=\"" + cpu + "\"}"), 100);
        loomd.configure(configuration("all"));
        Await.until("the host chooses again", LIMIT, () -> threaded().equals("0"), this::threaded);
    }

    @Test
    void aCpuThatIsNotThereIsRefusedAndTrafficGoesOn() {
        loomd.configure(configuration("[4711]"));
        Await.until("the refusal is told", LIMIT, () -> rejected().contains("4711"), this::rejected);
        assertEquals(0, Visits.burst(lab, Lab.VIP4, 80, REQUESTS).failures());
        loomd.configure(configuration("all"));
        Await.until("no problem", LIMIT, () -> rejected().equals("[]") && !rest.get("/ebpf/status").body().contains("LOOM-1230"),
                () -> rest.get("/ebpf/status"));
    }

    private String rejected() {
        return rest.get("/ebpf/status").json().path("rejected").toString();
    }

    private String threaded() {
        return lab.on("balancer", "cat", "/sys/class/net/eth0/threaded").succeeded().strip();
    }

    private Map<Integer, Long> packets() {
        Map<Integer, Long> packets = new TreeMap<>();
        for (JsonNode cpu : rest.get("/ebpf/stats").json().path("cpus")) {
            packets.put(cpu.path("cpu").asInt(), cpu.path("packets").asLong());
        }
        return packets;
    }
}
