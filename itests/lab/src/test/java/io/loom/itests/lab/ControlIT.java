package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What an operator does while it runs: REST, editing the file, servers that die and come back. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ControlIT extends LabTest {
    private static final Duration RELOAD_LIMIT = Duration.ofSeconds(60);
    private static final int REQUESTS = 300;

    ControlIT() {
        super("control");
    }

    @BeforeAll
    void start() {
        loomd.configure(Configurations.web("nat", List.of("backend1", "backend2")));
        loomd.start();
    }

    @Test
    @Order(1)
    void aBackendAddedByRestServesWhenTheAnswerIsThereAndARemovedOneDoesNot() {
        String body = "{\"address\": \"10.77.0.13\", \"port\": 80, \"weight\": 100, \"upstream\": \"web\"}";
        Rest.Answer added = rest.post("/ebpf/backends", body);
        assertEquals(201, added.status(), added.body());
        assertTrue(answersOf("backend3") > 0, "answers of the added one");
        assertEquals(409, rest.post("/ebpf/backends", body).status(), "the same again");
        Rest.Answer removed = rest.delete("/ebpf/backends/" + added.json().path("id").asInt());
        assertEquals(204, removed.status(), removed.body());
        assertEquals(0, answersOf("backend3"), "answers of the removed one");
    }

    @Test
    @Order(2)
    void aWeightChangedByRestChangesTheShares() {
        int id = rest.backend(Lab.address4("backend1"), 80).path("id").asInt();
        assertEquals(200, rest.patch("/ebpf/backends/" + id, "{\"weight\": 300}").status());
        Visits visits = Visits.burst(lab, Lab.VIP4, 80, 2000);
        tell("weights 300 and 100: %s", visits);
        assertEquals(1500, visits.answers().get("backend1"), 150, visits::toString);
        assertEquals(200, rest.patch("/ebpf/backends/" + id, "{\"weight\": 100}").status());
    }

    @Test
    @Order(3)
    void aDeadServerLeavesInTimeWithItsReasonAndComesBack() {
        lab.stopNginx("backend2");
        Duration left = Await.until("backend2 is down", Configurations.DETECTION,
                () -> state("backend2").equals("down"), () -> rest.backend(Lab.address4("backend2"), 80));
        JsonNode dead = rest.backend(Lab.address4("backend2"), 80);
        tell("nginx stopped: left after %d ms, reason: %s", left.toMillis(), dead.path("reason").asText());
        assertTrue(dead.path("reason").asText().contains("refused"), dead::toString);
        Visits visits = Visits.burst(lab, Lab.VIP4, 80, REQUESTS);
        assertEquals(0, visits.failures(), visits.firstFailure());
        assertFalse(visits.answers().containsKey("backend2"), visits::toString);
        lab.startNginx("backend2");
        Duration back = Await.until("backend2 is up", RELOAD_LIMIT, () -> state("backend2").equals("up"),
                () -> rest.backend(Lab.address4("backend2"), 80));
        tell("nginx started: back after %d ms", back.toMillis());
        assertTrue(answersOf("backend2") > 0, "answers after its return");
    }

    @Test
    @Order(4)
    void anEditedFileIsAppliedAndABadEditChangesNothingThatRuns() {
        loomd.configure(Configurations.web("nat"));
        Await.until("the third backend serves", RELOAD_LIMIT, () -> answersOf("backend3") > 0, rest::vips);
        JsonNode backends = rest.get("/ebpf/backends").json();
        String program = pins.tag();
        loomd.configure(Configurations.web("nat").replace("port: 80,", "port: eighty,"));
        Await.until("the bad edit is reported", RELOAD_LIMIT, () -> rejected().contains("port"), this::rejected);
        tell("a bad edit: %s", rejected());
        assertEquals(backends, rest.get("/ebpf/backends").json());
        assertEquals(program, pins.tag());
        assertEquals(REQUESTS, Visits.burst(lab, Lab.VIP4, 80, REQUESTS).total());
        loomd.configure(Configurations.web("nat"));
        Await.until("the good file is accepted", RELOAD_LIMIT, () -> rejected().equals("[]"), this::rejected);
    }

    @Test
    @Order(5)
    void oneCommandOverSshAnswersAndItsStatusIsThatOfTheCommand() {
        Command list = lab.on("balancer", loomd.home().resolve("bin/loom").toString(), "--data", loomd.data().toString(),
                "loom:backend-list", "--json");
        assertTrue(list.succeeded().contains(Lab.address4("backend1")), list.output());
        Command wrong = lab.on("balancer", loomd.home().resolve("bin/loom").toString(), "--data", loomd.data().toString(),
                "loom:backend-remove", "4711");
        assertTrue(wrong.status() != 0, wrong.output());
        tell("loom:backend-remove 4711 says: %s", wrong.output().strip());
    }

    @Test
    @Order(6)
    void addressesThatNatSendsFromAreOnTheInterfaceWhileTheFileNamesThem() {
        String sources = "  xdp: {nat: {source_addresses: [10.77.0.60, 10.77.0.61, \"fd77::60\"]}}\n";
        loomd.configure(Configurations.web("nat").replace("  vips:\n", sources + "  vips:\n"));
        Await.until("they are there", RELOAD_LIMIT, () -> holds("10.77.0.60/") && holds("10.77.0.61/") && holds("fd77::60/"),
                rest::vips);
        assertTrue(answersOf("backend1") > 0, "answers by way of them");
        loomd.configure(Configurations.web("nat"));
        Await.until("they are gone", RELOAD_LIMIT, () -> !holds("10.77.0.6") && !holds("fd77::60/"), rest::vips);
        assertTrue(answersOf("backend1") > 0, "answers without them");
        assertTrue(holds(Lab.VIP4 + "/"), "the vip stays");
    }

    private boolean holds(String address) {
        return lab.on("balancer", "ip", "addr", "show").succeeded().contains(" " + address);
    }

    private String rejected() {
        return rest.get("/ebpf/status").json().path("rejected").toString();
    }

    private String state(String backend) {
        return rest.backend(Lab.address4(backend), 80).path("state").asText();
    }

    private long answersOf(String backend) {
        Visits visits = Visits.burst(lab, Lab.VIP4, 80, REQUESTS);
        assertEquals(0, visits.failures(), visits.firstFailure());
        return visits.answers().getOrDefault(backend, 0L);
    }
}
