package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Several interfaces: frames leave on another one than they came in on, or on the same, as the backend's place says. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NetworksIT extends LabTest {
    private static final int REQUESTS = 300;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    NetworksIT() {
        super("networks");
    }

    @BeforeAll
    void start() {
        lab.serveAll();
        lab.connectNetworks();
        loomd.configure(Networks.configuration("[eth0, eth1]"));
        loomd.start();
        Await.until("every vip is well", LIMIT, () -> rest.allVips(vip -> vip.path("degraded").isEmpty()), rest::vips);
    }

    static List<Networks.Method> methods() {
        return Networks.methods();
    }

    @ParameterizedTest
    @Order(1)
    @MethodSource("methods")
    void clientsOfOneInterfaceReachBackendsOfBoth(Networks.Method method) {
        Visits visits = Visits.burst(lab, method.address(), 80, REQUESTS);
        assertEquals(0, visits.failures(), visits.firstFailure());
        assertEquals(Set.copyOf(method.backends()), visits.answers().keySet(), visits::toString);
        tell("%s: %s", method, visits.answers());
        assertTrue(visits.answers().values().stream().allMatch(count -> count > REQUESTS / 10), visits::toString);
    }

    static List<Networks.Method> translations() {
        return methods().stream().filter(method -> method.forwarding().equals("nat")).toList();
    }

    /** Backends fill packets of 1500 bytes, for the client's hello said that it takes them. */
    @ParameterizedTest
    @Order(2)
    @MethodSource("translations")
    void backendsHearOfAnInterfaceTowardsTheClientThatIsSmallerThanTheirs(Networks.Method method) {
        lab.on("balancer", "ip", "link", "set", "eth0", "mtu", "1400").succeeded();
        try {
            String url = "http://" + (method.ipv6() ? "[" + method.address() + "]" : method.address()) + "/bulk";
            Await.until("a download", LIMIT, () -> lab.on("client", "curl", "-sg", "-m", "4", "-r", "0-999999", "-o", "/dev/null", "-w",
                    "%{size_download}", url).output().equals("1000000"), rest::metrics);
        } finally {
            lab.on("balancer", "ip", "link", "set", "eth0", "mtu", "1500").succeeded();
        }
    }
}
