package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Interfaces that go down, away and come back, other MTUs, and modes, while loomd runs. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DevicesIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int REQUESTS = 100;

    DevicesIT() {
        super("devices");
    }

    @BeforeAll
    void start() {
        loomd.configure(Configurations.web("nat"));
        loomd.start();
    }

    @Test
    @Order(1)
    void anInterfaceThatGoesDownAndUpServesAgainWithAllItsVips() {
        on("ip", "link", "set", "eth0", "down");
        Await.until("backends are out", LIMIT, () -> !backend().path("state").asText().equals("up"), this::backend);
        tell("down: %s", backend().path("reason").asText());
        assertTrue(backend().path("reason").asText().contains("unreachable"), () -> backend().toString());
        assertEquals("native", attachment().path("mode").asText());
        on("ip", "link", "set", "eth0", "up");
        on("ip", "addr", "replace", "fd77::2/64", "dev", "eth0", "nodad", "noprefixroute");
        on("ip", "route", "replace", "10.77.0.0/24", "dev", "eth0", "src", "10.77.0.2");
        on("ip", "route", "replace", "fd77::/64", "dev", "eth0");
        tell("up: served after %d ms", served().toMillis());
    }

    @Test
    @Order(2)
    void anInterfaceThatIsDeletedIsWaitedForAndServesWhenItIsBack() {
        int before = attachment().path("ifindex").asInt();
        on("ip", "link", "del", "eth0");
        Await.until("its absence is told", LIMIT, () -> attachment().path("mode").asText().equals("none"), this::attachment);
        tell("deleted: %s", attachment().path("problem").asText());
        assertTrue(attachment().path("problem").asText().contains("does not exist"), () -> attachment().toString());
        lab.replug("balancer");
        tell("back: served after %d ms", served().toMillis());
        assertTrue(attachment().path("ifindex").asInt() != before, "another interface number");
        assertEquals("native", attachment().path("mode").asText());
        assertEquals(1.0, rest.metrics().get("loom_ebpf_attached{device=\"eth0\",mode=\"native\"}"));
    }

    /**
     * Connections through nat learned the number of the interface that is gone. Without it backends cannot be reached: with probes as quick as
     * those of other tests they are down before it is back, which ends connections.
     */
    @Test
    @Order(3)
    void aConnectionSurvivesTheReplacementOfItsInterface() {
        int before = timesConfigured();
        loomd.configure(Configurations.web("nat").replace("interval: 200ms", "interval: 5s"));
        Await.until("the new file is in force", LIMIT, () -> timesConfigured() > before, loomd::logTail);
        Background visitor = Visits.steady(lab, Lab.VIP4, 80);
        Await.pause(Duration.ofSeconds(2));
        on("ip", "link", "del", "eth0");
        lab.replug("balancer");
        Await.pause(Duration.ofSeconds(5));
        Visits visits = Visits.of(visitor);
        tell("eth0 replaced: %d requests of one connection, slowest %d ms", visits.total(), visits.largestMillis());
        assertEquals(0, visits.failures(), visits.firstFailure());
        assertTrue(visits.total() > 200, visits::toString);
        loomd.configure(Configurations.web("nat"));
    }

    private int timesConfigured() {
        return loomd.log().split("configuration in force", -1).length;
    }

    @Test
    @Order(4)
    void anotherMtuCountsAtOnceAndOneThatXdpCannotHaveIsRefusedByTheKernel() {
        assertEquals(Set.of(1500), pins.backendMtus());
        on("ip", "link", "set", "eth0", "mtu", "1400");
        Await.until("entries have the device's MTU", LIMIT, () -> pins.backendMtus().equals(Set.of(1400)), pins::backendMtus);
        on("ip", "link", "set", "eth0", "mtu", "1500");
        on("ip", "route", "replace", "10.77.0.0/24", "dev", "eth0", "src", "10.77.0.2", "mtu", "lock", "1300");
        Await.until("IPv4 entries have the route's", LIMIT, () -> pins.backendMtus().equals(Set.of(1300, 1500)), pins::backendMtus);
        on("ip", "route", "replace", "10.77.0.0/24", "dev", "eth0", "src", "10.77.0.2");
        Await.until("and the device's again", LIMIT, () -> pins.backendMtus().equals(Set.of(1500)), pins::backendMtus);
        Command refused = lab.on("balancer", "ip", "link", "set", "eth0", "mtu", "9000");
        assertTrue(refused.status() != 0, "the kernel takes an MTU of 9000 with native XDP");
        assertEquals(0, Visits.burst(lab, Lab.VIP4, 80, REQUESTS).failures());
    }

    @Test
    @Order(5)
    void offloadIsAnErrorOnADriverWithoutAndGenericStandsInOnlyWhereTheFileAllowsIt() {
        loomd.configure(Configurations.web("nat").replace("xdp_mode: native", "xdp_mode: offload"));
        Await.until("the refusal is told", LIMIT, () -> attachment().path("problem").asText().contains("cannot attach XDP to eth0 (offload)"), this::attachment);
        tell("offload: %s", attachment().path("problem").asText());
        assertEquals("native", attachment().path("mode").asText(), "what ran before stays");
        loomd.configure(Configurations.web("nat").replace("xdp_mode: native", "xdp: {mode: offload, fallback: generic}"));
        Await.until("generic mode", LIMIT, () -> attachment().path("mode").asText().equals("generic"), this::attachment);
        assertTrue(attachment().path("problem").asText().contains("runs in generic mode, as xdp.fallback allows"), () -> attachment().toString());
        assertEquals(1.0, rest.metrics().get("loom_ebpf_attached{device=\"eth0\",mode=\"generic\"}"));
        String shell = lab.on("balancer", loomd.home().resolve("bin/loom").toString(), "--data", loomd.data().toString(),
                "loom:status").succeeded();
        assertTrue(shell.contains("generic"), shell);
        assertTrue(on("ip", "link", "show", "eth0").contains("xdpgeneric"), "the kernel says so too");
        assertEquals(0, Visits.burst(lab, Lab.VIP4, 80, REQUESTS).failures(), "requests in generic mode");
        loomd.configure(Configurations.web("nat"));
        Await.until("native mode again", LIMIT, () -> attachment().path("mode").asText().equals("native"), this::attachment);
    }

    private Duration served() {
        return Await.until("requests are answered", LIMIT, () -> Visits.burst(lab, Lab.VIP4, 80, 4).failures() == 0
                && Visits.burst(lab, Lab.VIP6, 80, 4).failures() == 0, rest::vips);
    }

    private JsonNode attachment() {
        return rest.get("/ebpf/status").json().path("program").path("attachments").path(0);
    }

    private JsonNode backend() {
        return rest.backend(Lab.address4("backend1"), 80);
    }

    private String on(String... line) {
        return lab.on("balancer", line).succeeded();
    }
}
