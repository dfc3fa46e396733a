package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A protocol's bundle leaves and comes back under load: the program keeps the handler, and nobody loses a packet. */
class ProtocolsIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Way NAT = Way.all().get(0);
    private static final Way GUE = Way.all().stream().filter(way -> way.toString().equals("gue-6")).findFirst().orElseThrow();
    private static final int SOCKETS = 10;
    private static final int PER_SECOND = 500;

    ProtocolsIT() {
        super("protocols");
    }

    @BeforeAll
    void start() {
        startWith(Way.configuration("", List.of(NAT, GUE).stream().map(Way::vips).collect(Collectors.joining())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp"})
    void aBundleRemovedAndPutBackUnderLoadLosesNothing(String protocol) {
        Deployed handler = new Deployed(loomd, "loom-protocol-" + protocol + ".jar");
        Deployed other = new Deployed(loomd, "loom-forward-l2.jar");
        Load load = Load.on(lab, NAT.address());
        List<Background> streams = List.of(Visits.asking(lab, NAT.address(), SOCKETS, PER_SECOND),
                Visits.asking(lab, GUE.address(), SOCKETS, PER_SECOND));
        Await.pause(Duration.ofSeconds(1));
        handler.remove();
        Await.until("status tells that the bundle is gone", LIMIT, () -> gone(protocol), this::status);
        String tag = pins.tag();
        other.remove(); // makes a new program, with the handler that is kept
        Await.until("another program", LIMIT, () -> !pins.tag().equals(tag), pins::program);
        Await.pause(Duration.ofSeconds(1));
        assertTrue(gone(protocol), this::status);
        handler.put();
        Await.until("status is well", LIMIT, () -> !gone(protocol), this::status);
        other.put();
        Await.until("the program of before", LIMIT, () -> pins.tag().equals(tag), pins::program);
        Await.pause(Duration.ofSeconds(1));
        for (Background stream : streams) {
            Visits answers = Visits.of(stream);
            tell("%s removed and put back, datagrams: %s", protocol, answers);
            assertEquals(0, answers.failures(), answers::toString);
            assertEquals(0, answers.moved(), answers::toString);
            assertTrue(answers.total() > 2 * PER_SECOND, answers::toString);
        }
        Load.Report report = load.stop();
        tell("%s removed and put back, connections: %s", protocol, report);
        assertEquals(0, report.failures(), report.failure());
        assertEquals(0, report.troubles().resetsSeen(), "connections reset");
    }

    private boolean gone(String protocol) {
        return status().contains("LOOM-4107") && status().contains("protocol handler for " + protocol.toUpperCase());
    }

    private String status() {
        return rest.get("/ebpf/status").body();
    }
}
