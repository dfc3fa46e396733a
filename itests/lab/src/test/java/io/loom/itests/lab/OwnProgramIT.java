package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** A program of the operator comes, changes and goes under load. It drops what comes from port 40000. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OwnProgramIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int ROUNDS = 10;

    private Path object;
    private double lostPerSecond;

    OwnProgramIT() {
        super("own");
    }

    @BeforeAll
    void start() {
        lab.on("client", "sysctl", "-w", "net.ipv4.ip_local_reserved_ports=40000").succeeded();
        object = lab.run().resolve("own.o");
        compile();
        startWith(Configurations.web("nat"));
    }

    private void compile() {
        Path bpf = Lab.ROOT.resolve("bpf-objects");
        Path next = lab.run().resolve("next.o");
        Command.run(LIMIT, Map.of(), List.of(bpf.resolve("compile").toString(), bpf.resolve("test/own.bpf.c").toString(), next.toString()))
                .succeeded();
        try {
            Files.move(next, object, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private String with(String section) {
        return Configurations.web("nat").replace("  xdp_mode: native\n",
                "  xdp: {mode: native, programs: [{name: filter, path: " + object + ", section: " + section + "}]}\n");
    }

    /** Ids of the operator's programs. */
    private List<Integer> own() {
        return StreamSupport.stream(rest.get("/ebpf/status").json().path("program").path("own").spliterator(), false)
                .map(program -> program.path("id").asInt()).toList();
    }

    private void put(String yaml, int programs) {
        List<Integer> former = own();
        loomd.configure(yaml);
        Await.until("other programs than " + former, LIMIT, () -> own().size() == programs && !own().equals(former),
                () -> rest.get("/ebpf/status").body());
    }

    private boolean answers(int port) {
        return lab.on("client", "curl", "-s", "-m", "2", "--local-port", "" + port, "http://" + Lab.VIP4 + "/").status() == 0;
    }

    private double dropped() {
        return rest.metrics().get("loom_ebpf_verdicts_total{reason=\"drop_before\"}");
    }

    @Test
    @Order(1)
    void undisturbed() {
        Load load = Load.on(lab, Lab.VIP4);
        Await.pause(Duration.ofSeconds(8));
        Load.Report report = load.stop();
        tell("undisturbed: %s", report);
        assertEquals(0, report.failures(), report.failure());
        lostPerSecond = (double) report.troubles().lost() / report.seconds();
    }

    @Test
    @Order(2)
    void itComesChangesAndGoesUnderLoad() {
        Load load = Load.on(lab, Lab.VIP4);
        for (int i = 0; i < ROUNDS; i++) {
            put(with("xdp/port"), 1);
            put(with("xdp_pass"), 1);
            put(Configurations.web("nat"), 0);
        }
        Load.Report report = load.stop();
        tell("%d times a program added, changed and removed: %s", ROUNDS, report);
        assertEquals(0, report.failures(), report.failure());
        assertEquals(0, report.troubles().resetsSent(), "resets sent");
        assertEquals(0, report.troubles().resetsSeen(), "connections reset");
        assertTrue(report.troubles().lost() <= report.troubles().dropped() + lostPerSecond * report.seconds(),
                () -> "lost segments: " + report.troubles());
    }

    @Test
    @Order(3)
    void whatItDropsReachesNobodyAndIsCounted() {
        double before = dropped();
        put(with("xdp/port"), 1);
        assertFalse(answers(40000));
        assertTrue(answers(40001));
        assertTrue(dropped() > before);
    }

    @Test
    @Order(4)
    void anotherContentOfItsFileIsTakenAndOneThatIsNoneIsNot() throws IOException {
        List<Integer> former = own();
        Files.writeString(object, "no object");
        Await.until("the refusal", LIMIT, () -> rest.get("/ebpf/status").body().contains("LOOM-1240"),
                () -> rest.get("/ebpf/status").body());
        assertEquals(former, own());
        assertFalse(answers(40000));
        compile();
        Await.until("the end of the complaint", LIMIT, () -> !rest.get("/ebpf/status").body().contains("LOOM-1240"),
                () -> rest.get("/ebpf/status").body());
        assertEquals(former, own(), "it is the same one");
    }

    @Test
    @Order(5)
    void itOutlivesTheControlPlane() {
        List<Integer> former = own();
        loomd.kill();
        assertFalse(answers(40000));
        assertTrue(answers(40002));
        loomd.start();
        assertEquals(former, own());
        put(Configurations.web("nat"), 0);
        assertTrue(answers(40000));
    }
}
