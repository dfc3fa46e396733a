package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The whole appliance as a user who is not root and has three capabilities and nothing else. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LeastPrivilegeIT extends LabTest {
    private static final String USER = "65534";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int REQUESTS = 200;

    private Path bpffs;

    LeastPrivilegeIT() {
        super("user");
    }

    @BeforeAll
    void start() {
        bpffs = lab.bpffs().resolve("user");
        try {
            Files.createDirectories(bpffs);
            Files.createDirectories(lab.run().resolve("data"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        own(bpffs);
        own(lab.run().resolve("data"));
        loomd = loomd("bpf", "net_admin", "perfmon");
        loomd.configure(Configurations.web("nat", List.of("backend1", "backend2")));
        loomd.start();
    }

    private static void own(Path directory) {
        Command.run(LIMIT, Map.of(), List.of("chown", USER + ":" + USER, directory.toString())).succeeded();
    }

    private Loomd loomd(String... capabilities) {
        String set = "-all,+" + String.join(",+", capabilities);
        return new Loomd(lab, List.of("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--bounding-set", set,
                "--inh-caps", set, "--ambient-caps", set, "--no-new-privs"), bpffs);
    }

    @Test
    @Order(1)
    void itRunsWithNothingButThreeCapabilities() throws IOException {
        List<String> status = Files.readAllLines(Path.of("/proc/" + loomd.pid() + "/status"));
        assertTrue(status.contains("CapEff:\t000000c000001000"), status::toString);
        assertTrue(status.stream().anyMatch(line -> line.startsWith("Uid:\t" + USER + "\t" + USER)), status::toString);
    }

    @Test
    @Order(2)
    void itServesWithItsVipsOnTheInterfaceAndTheProgramInTheDriver() {
        assertServes();
        assertTrue(lab.on("balancer", "ip", "addr", "show", "eth0").succeeded().contains(" " + Lab.VIP4 + "/32 "));
        assertEquals("native", rest.get("/ebpf/status").json().path("program").path("attachments").path(0).path("mode").asText());
        // A machine that has other work may be late with its probes, and says so.
        assertEquals(List.of(), StreamSupport.stream(rest.get("/ebpf/status").json().path("warnings").spliterator(), false)
                .filter(warning -> !warning.path("code").asText().equals("LOOM-3530")).map(JsonNode::toString).toList());
        assertTrue(rest.metrics().get("loom_ebpf_packets_total{action=\"forward\"}") > 0);
    }

    @Test
    @Order(3)
    void itTakesChangesByRestAndByTheFile() {
        String body = "{\"address\": \"10.77.0.13\", \"port\": 80, \"upstream\": \"web\"}";
        Rest.Answer added = rest.post("/ebpf/backends", body);
        assertEquals(201, added.status(), added.body());
        assertEquals(204, rest.delete("/ebpf/backends/" + added.json().path("id").asInt()).status());
        loomd.configure(Configurations.web("ipip").replace("algorithm: maglev", "algorithm: round_robin"));
        Await.until("the new file is in force", LIMIT, () -> rest.vip("web").path("forwarding").asText().equals("ipip")
                && rest.degraded("web").isEmpty(), rest::vips);
        assertServes();
    }

    @Test
    @Order(4)
    void itSwapsTheProgramAndIsAdoptedAfterASigkill() {
        Deployed gue = new Deployed(loomd, "loom-forward-gue.jar");
        int before = programId();
        gue.toggle();
        Await.until("the swap", LIMIT, () -> programId() != before, () -> rest.get("/ebpf/status"));
        gue.toggle();
        loomd.kill();
        assertServes();
        loomd.start();
        assertServes();
        assertFalse(loomd.log().contains("EPERM"), loomd::logTail);
    }

    private int programId() {
        return rest.get("/ebpf/status").json().path("program").path("id").asInt();
    }

    @Test
    @Order(5)
    void itDetachesAndLeavesNothing() {
        loomd.terminate(LIMIT);
        loomd.detach().succeeded();
        assertFalse(lab.on("balancer", "ip", "link", "show", "eth0").succeeded().contains("xdp"));
        assertFalse(lab.on("balancer", "ip", "addr", "show", "eth0").succeeded().contains(Lab.VIP4));
        assertFalse(Files.exists(bpffs.resolve("loom")));
    }

    @Test
    @Order(6)
    void withFewerItSaysWhichOnesItLacks() {
        Loomd poor = loomd("net_admin");
        poor.configure(Configurations.web("nat"));
        String said = poor.logUntil("LOOM-1002", LIMIT);
        tell("with CAP_NET_ADMIN alone: %s", said);
        assertTrue(said.contains("lacks CAP_BPF") && said.contains("CAP_PERFMON") && !said.contains("lacks CAP_NET_ADMIN"), said);
    }

    /** The specification's two. Whether they suffice the kernel's verifier says, and then the program is slower, which is told. */
    @Test
    @Order(7)
    void withTheTwoOfTheSpecificationItTriesAndSaysWhatIsRefused() {
        Loomd plain = loomd("bpf", "net_admin");
        plain.configure(Configurations.web("nat"));
        String said = plain.logUntil("CAP_PERFMON", LIMIT);
        tell("with CAP_BPF and CAP_NET_ADMIN: %s", said);
        assertTrue(said.contains("LOOM-1002") && said.contains("verifier refuses it") || said.contains("LOOM-1017"), said);
        plain.detach().succeeded();
    }

    private void assertServes() {
        for (String vip : List.of(Lab.VIP4, Lab.VIP6)) {
            Visits visits = Visits.burst(lab, vip, 80, REQUESTS);
            assertEquals(0, visits.failures(), visits.firstFailure());
        }
    }
}
