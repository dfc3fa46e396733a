package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hosts that leave checksums, and the cutting into segments, to a network card which their packets never meet. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OffloadIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(200);
    private static final List<Way> WAYS = Way.all().stream()
            .filter(way -> List.of("nat-4", "nat-6", "nat-keep-4", "l2-4", "l2-6", "ipip-4", "gue-6").contains(way.toString())).toList();
    private static final int QUESTIONS = 4;
    private static final int BYTES = 300_000;

    OffloadIT() {
        super("offload");
    }

    @BeforeAll
    void start() {
        startWith(configuration("native"));
    }

    private static String configuration(String mode) {
        return Way.configuration("    mode: " + mode + "\n", WAYS.stream().map(Way::vips).collect(Collectors.joining()));
    }

    /** Towards the balancer nothing may fill the checksum in either: the bridge's port has to be able to leave that to others. */
    private void offload(String host, String... features) {
        set(host, "on", features);
    }

    private void keep(String host, String... features) {
        set(host, "off", features);
    }

    private void set(String host, String state, String... features) {
        for (String feature : features) {
            lab.on("segment", "ethtool", "-K", "balancer", feature, state);
            lab.on(host, "ethtool", "-K", "eth0", feature, state);
        }
    }

    private int asked(Way way) {
        return lab.on("client", "curl", "-gsS", "-m", "1", "-o", "/dev/null", way.url("/")).status();
    }

    private boolean served() {
        return WAYS.stream().allMatch(way -> asked(way) == 0);
    }

    private String warnings() {
        return rest.get("/ebpf/status").json().path("warnings").toString();
    }

    private double counted(String name) {
        return rest.metrics().get(name + "{device=\"eth0\"}");
    }

    private String attached() {
        return rest.get("/ebpf/status").json().path("program").path("attachments").path(0).path("mode").asText();
    }

    /** The client's packets, or under nat the answers of its backends. */
    @ParameterizedTest
    @ValueSource(strings = {"client", "backend1"})
    @Order(1)
    void checksumsThatNobodyFillsInAreToldOfByTheInterfaceAsLongAsTheyCome(String host) {
        assertTrue(served(), this::warnings);
        assertEquals("", Stream.of(warnings()).filter(text -> text.contains("LOOM-127")).findAny().orElse(""), "nothing is wrong");
        double before = counted("loom_ebpf_unfinished_checksums_total");
        offload(host, "tx");
        Await.until("it is told", LIMIT, () -> {
            WAYS.stream().limit(2).forEach(this::asked);
            return warnings().contains("LOOM-1276") && warnings().contains("packets come in on eth0 whose");
        }, this::warnings);
        assertTrue(counted("loom_ebpf_unfinished_checksums_total") > before, "counted, too");
        if (host.equals("client")) {
            assertNotEquals(0, asked(WAYS.get(0)), "it was no false alarm");
        }
        keep(host, "tx");
        assertTrue(served(), this::warnings);
        Await.until("it is over", LIMIT, () -> !warnings().contains("LOOM-1276"), this::warnings);
    }

    /** A veth takes nothing from XDP while its other end has neither a program nor GRO. */
    @Test
    @Order(1)
    void packetsThatTheInterfaceDropsAreToldOfByItsNameAsLongAsTheyAre() {
        assertTrue(served(), this::warnings);
        lab.on("segment", "bpftool", "net", "detach", "xdpdrv", "dev", "balancer").succeeded();
        try {
            Await.until("it is told", LIMIT, () -> {
                assertNotEquals(0, asked(WAYS.get(0)), "nothing is sent");
                return warnings().contains("LOOM-1278") && warnings().contains("eth0 drops packets that it is to send");
            }, this::warnings);
            lab.on("segment", "ethtool", "-K", "balancer", "gro", "on").succeeded();
            assertTrue(served(), "the mend that it names");
        } finally {
            lab.on("segment", "ethtool", "-K", "balancer", "gro", "off");
            lab.on("segment", "bpftool", "net", "attach", "xdpdrv", "pinned", lab.run().resolve("bpf/lab_pass").toString(), "dev", "balancer").succeeded();
        }
        Await.until("it is over", LIMIT, () -> served() && !warnings().contains("LOOM-1278"), this::warnings);
    }

    @Test
    @Order(2)
    void inGenericModeAllMethodsWorkAlthoughChecksumsAreNotFilledIn() {
        loomd.configure(configuration("generic"));
        Await.until("generic mode", LIMIT, () -> attached().equals("generic"), this::attached);
        offload("client", "tx");
        Lab.BACKENDS.forEach(backend -> offload(backend, "tx"));
        Await.until("requests are answered", LIMIT, this::served, this::warnings);
        for (Way way : WAYS) {
            assertEquals(QUESTIONS, Dig.names(lab, way.address(), QUESTIONS, "+notcp").size(), way.toString());
            assertEquals(QUESTIONS, Dig.names(lab, way.address(), QUESTIONS, "+tcp").size(), way.toString());
        }
        assertEquals(0, counted("loom_ebpf_unfinished_checksums_total"));
        assertTrue(!warnings().contains("LOOM-127"), this::warnings);
    }

    /** Without a program of its own at the other end of its cable a host can send several segments in one. */
    @Test
    @Order(3)
    void inGenericModeUploadsOfSeveralSegmentsInOneArriveUnlessATunnelIsInTheWay() {
        lab.on("segment", "bpftool", "net", "detach", "xdpdrv", "dev", "client").succeeded();
        lab.on("segment", "ethtool", "-K", "client", "tso", "on", "gso", "on");
        offload("client", "tso", "gso");
        Path part = Transfer.writePart(lab, BYTES);
        for (Way way : WAYS.stream().filter(way -> !way.encapsulates()).toList()) {
            assertEquals(Transfer.checksum(part), Transfer.up(lab, way, part, 0).checksum(), way.toString());
        }
        assertTrue(!warnings().contains("LOOM-127"), this::warnings);
        Way tunnel = WAYS.stream().filter(Way::encapsulates).findFirst().orElseThrow();
        Transfer stuck = Transfer.up(lab, tunnel, part, 0);
        Await.until("it is told", LIMIT, () -> warnings().contains("LOOM-1277"), this::warnings);
        assertTrue(counted("loom_ebpf_oversized_packets_total") > 0);
        stuck.stop();
    }
}
