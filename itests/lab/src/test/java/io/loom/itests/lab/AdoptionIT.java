package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** The data plane outlives the control plane: after a crash it is taken over, after --detach nothing is left. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AdoptionIT extends LabTest {
    private static final Duration END_LIMIT = Figure.within(Duration.ofSeconds(5));

    AdoptionIT() {
        super("adopt");
    }

    @Test
    @Order(1)
    void aConnectionOpenedBeforeSigkillGoesOnAndIdsAndNumbersStay() {
        loomd.configure(Configurations.web("nat"));
        tell("first start: ready after %d ms", loomd.start().toMillis());
        Map<String, Integer> ids = pins.ids();
        Map<Integer, String> numbers = pins.backendNumbers();
        assertEquals(6, numbers.size(), numbers::toString);
        Background connection = Visits.steady(lab, Lab.VIP4, 80);
        Await.pause(Duration.ofSeconds(1));

        loomd.kill();
        Await.pause(Duration.ofSeconds(1));
        tell("start after SIGKILL: ready after %d ms", loomd.start().toMillis());
        Await.pause(Duration.ofSeconds(1));

        Visits visits = Visits.of(connection);
        tell("one connection across it: %s", visits);
        assertEquals(0, visits.failures(), visits.firstFailure());
        assertEquals(1, visits.answers().size(), () -> "one connection, one backend: " + visits);
        assertEquals(ids, pins.ids(), "kernel ids of program, link and maps");
        assertEquals(numbers, pins.backendNumbers(), "backend numbers");
    }

    @Test
    @Order(2)
    void sigtermEndsItSoonAndForwardingGoesOnWithoutIt() {
        Background connection = Visits.steady(lab, Lab.VIP4, 80);
        Await.pause(Duration.ofSeconds(1));
        Duration end = loomd.terminate(END_LIMIT);
        tell("SIGTERM: ended after %d ms", end.toMillis());
        assertFalse(loomd.running());
        Visits fresh = Visits.burst(lab, Lab.VIP4, 80, 300);
        Visits fresh6 = Visits.burst(lab, Lab.VIP6, 80, 300);
        Visits lasting = Visits.of(connection);
        assertEquals(0, fresh.failures() + fresh6.failures() + lasting.failures(), () -> fresh + " " + fresh6 + " " + lasting);
        assertEquals(Lab.BACKENDS.size(), fresh.answers().size(), fresh::toString);
    }

    @Test
    @Order(3)
    void detachLeavesNothing() {
        assertTrue(pins.exist());
        String detached = loomd.detach().succeeded();
        tell("--detach says: %s", detached.strip());
        assertFalse(pins.exist(), "pins");
        String link = lab.on("balancer", "ip", "-d", "link", "show", "eth0").succeeded();
        assertFalse(link.contains("xdp"), link);
        String addresses = lab.on("balancer", "ip", "-o", "addr", "show", "eth0").succeeded();
        assertFalse(addresses.contains(Lab.VIP4 + "/") || addresses.contains(Lab.VIP6 + "/"), addresses);
    }
}
