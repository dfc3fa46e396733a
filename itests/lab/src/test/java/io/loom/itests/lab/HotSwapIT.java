package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Everything that can change, changes under load, and clients do not notice. The first test measures an undisturbed run: what
 * is lost there is the lab's, and the others may lose no more of it.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HotSwapIT extends LabTest {
    private static final int SWAPS = 50;
    private static final int KILLS = 5;
    /** On a machine that has nothing else to do; where requests straight to a backend take long too, twice as long as those. */
    private static final long LATENCY_LIMIT_MILLIS = Figure.within(Duration.ofMillis(200)).toMillis();
    private static final Duration SWAP_LIMIT = Duration.ofSeconds(60);
    private static final String IPIP = "loom-forward-ipip.jar";

    private double lostPerSecond;

    HotSwapIT() {
        super("swap");
    }

    @BeforeAll
    void start() {
        loomd.configure(Configurations.web("nat"));
        loomd.start();
    }

    @Test
    @Order(1)
    void undisturbed() {
        Load load = Load.on(lab, Lab.VIP4);
        Await.pause(Duration.ofSeconds(10));
        Load.Report report = load.stop();
        tell("undisturbed: %s", report);
        assertEquals(0, report.failures(), report.failure());
        lostPerSecond = (double) report.troubles().lost() / report.seconds();
    }

    @Test
    @Order(2)
    void fiftyProgramSwapsByRemovingAndInstallingABundle() {
        Load load = Load.on(lab, Lab.VIP4);
        Deployed ipip = new Deployed(loomd, IPIP);
        String tag = pins.tag();
        Set<String> tags = new HashSet<>(Set.of(tag));
        List<Long> millis = new ArrayList<>();
        for (int i = 0; i < SWAPS; i++) {
            String before = tag;
            ipip.toggle();
            millis.add(Await.until("swap " + i + " of the program", SWAP_LIMIT, () -> !pins.tag().equals(before),
                    pins::program).toMillis());
            tag = pins.tag();
            tags.add(tag);
        }
        assertUnnoticed(SWAPS + " program swaps, tags " + tags + ", slowest after " + Collections.max(millis) + " ms", load.stop());
        assertEquals(2, tags.size(), "programs that alternate");
        assertTrue(ipip.installed());
    }

    @Test
    @Order(3)
    void fiftyTableSwapsByWeight() {
        int id = rest.backend(Lab.address4("backend1"), 80).path("id").asInt();
        Load load = Load.on(lab, Lab.VIP4);
        for (int i = 1; i <= SWAPS; i++) {
            int weight = i == SWAPS ? 100 : 20 + i * 7;
            Rest.Answer answer = rest.patch("/ebpf/backends/" + id, "{\"weight\": " + weight + "}");
            assertEquals(200, answer.status(), answer.body());
            assertEquals(weight, rest.backend(Lab.address4("backend1"), 80).path("weight").asInt());
        }
        assertUnnoticed(SWAPS + " table swaps", load.stop());
    }

    @Test
    @Order(4)
    void fiveSigkillsAndRestarts() {
        Load load = Load.on(lab, Lab.VIP4);
        List<Long> ready = new ArrayList<>();
        for (int i = 0; i < KILLS; i++) {
            loomd.kill();
            ready.add(loomd.start().toMillis());
        }
        assertUnnoticed(KILLS + " SIGKILLs, ready again after " + ready + " ms", load.stop());
    }

    @Test
    @Order(5)
    void everyMethodAfterTheOtherByEditingTheFile() {
        Load load = Load.on(lab, Lab.VIP4);
        List<String> methods = List.of("ipip", "nat", "ipip", "gue", "l2", "ipip");
        for (String forwarding : methods) {
            loomd.configure(Configurations.web(forwarding));
            Await.until("vips by " + forwarding, SWAP_LIMIT, () -> servedBy(forwarding), () -> "the other");
        }
        assertUnnoticed("nat to " + String.join(" to ", methods), load.stop());
    }

    @Test
    @Order(6)
    void theIpipBundleRemovedWhileInUseAndPutBack() {
        Load load = Load.on(lab, Lab.VIP4);
        Deployed ipip = new Deployed(loomd, IPIP);
        for (int i = 0; i < 3; i++) {
            ipip.remove();
            Await.until("the vip is degraded", SWAP_LIMIT, () -> rest.degraded("web").contains("ipip"), rest::vips);
            ipip.put();
            Await.until("the vip is well", SWAP_LIMIT, () -> rest.degraded("web").isEmpty(), rest::vips);
        }
        assertUnnoticed("ipip removed and put back while in use, three times", load.stop());
        assertTrue(servedBy("ipip"));
    }

    private void assertUnnoticed(String what, Load.Report report) {
        tell("%s: %s", what, report);
        assertNotEquals(0, report.requests());
        assertEquals(0, report.failures(), report.failure());
        assertEquals(0, report.troubles().resetsSent(), "resets sent");
        assertEquals(0, report.troubles().resetsSeen(), "connections reset");
        long limit = Math.max(LATENCY_LIMIT_MILLIS, 2 * report.straightMillis());
        assertTrue(report.largestMillis() < limit, () -> "largest latency: " + report.largestMillis() + " ms of " + limit);
        assertTrue(report.troubles().lost() <= report.troubles().dropped() + lostPerSecond * report.seconds(), () -> "lost segments: "
                + report.troubles() + " in " + report.seconds() + " s, undisturbed " + lostPerSecond + " a second");
    }

    /** The appliance says so and, under direct return, nginx sees the vip as its own address, under nat never. */
    private boolean servedBy(String forwarding) {
        if (!rest.vip("web").path("forwarding").asText().equals(forwarding) || !rest.degraded("web").isEmpty()) {
            return false;
        }
        long before = viaVip();
        Visits visits = Visits.burst(lab, Lab.VIP4, 80, 100);
        assertEquals(0, visits.failures(), visits.firstFailure());
        return (viaVip() - before >= visits.total()) == !forwarding.equals("nat");
    }

    private long viaVip() {
        return Lab.BACKENDS.stream().mapToLong(backend -> lab.logged(backend, Lab.VIP4, 80)).sum();
    }
}
