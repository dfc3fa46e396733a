package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * nat beside the host's own connections and servers, where those have most ports: probes and clients never meet.
 * {@code -Dloom.full=true} makes as many connections as where they once did.
 */
class HostPortsIT extends LabTest {
    private static final boolean FULL = Boolean.getBoolean("loom.full");
    private static final int CONNECTIONS = FULL ? 20_000 : 1_500;
    private static final Duration SLOW = Figure.within(Duration.ofMillis(500));
    /** Of those that the range below leaves to nat: 1024 to 9999. */
    private static final int SERVERS_FIRST = 3_000;
    private static final int SERVERS = 500;
    private static final String SERVE = """
            import socket, sys, threading
            sockets = []
            for port in range(%1$d, %1$d + %2$d):
                server = socket.socket()
                server.bind(("10.77.0.2", port))
                server.listen()
                sockets.append(server)
            print("ready", flush=True)
            sys.stdin.read()
            """.formatted(SERVERS_FIRST, SERVERS);

    HostPortsIT() {
        super("hostports");
    }

    @BeforeAll
    void start() {
        lab.on("balancer", "sysctl", "-qw", "net.ipv4.ip_local_port_range=10000 65000").succeeded();
        Background servers = Background.start(lab.lineOn("balancer", List.of("python3", "-c", SERVE)));
        Await.until("servers of the host", SLOW.multipliedBy(10), () -> listening() >= SERVERS, this::listening);
        assertTrue(servers.running());
        loomd.configure(Configurations.web("nat"));
        loomd.start();
    }

    private long listening() {
        return lab.on("balancer", "ss", "-Hltn").succeeded().lines().count();
    }

    /** Of connections that have ended at the backend; those of probes end at the balancer. */
    private Set<Integer> portsOfClients(String backend) {
        String ended = lab.on(backend, "ss", "-Htan", "state", "time-wait", "sport = :80").succeeded();
        return ended.lines().map(line -> line.trim().split("\\s+")).map(fields -> fields[fields.length - 1])
                .map(peer -> Integer.valueOf(peer.substring(peer.lastIndexOf(':') + 1))).collect(Collectors.toSet());
    }

    @Test
    void noClientHasThePortOfAProbeOrOfAServer() {
        for (String vip : new String[] {Lab.VIP4, Lab.VIP6}) {
            Visits visits = Visits.burst(lab, vip, 80, CONNECTIONS);
            tell("%s: %d connections, %d failed, slowest %d ms", vip, visits.total(), visits.failures(), visits.largestMillis());
            assertEquals(0, visits.failures(), visits.firstFailure());
            assertTrue(visits.largestMillis() < SLOW.toMillis(), visits::toString);
        }
        Set<Integer> ports = new TreeSet<>();
        for (String backend : Lab.BACKENDS) {
            ports.addAll(portsOfClients(backend));
            assertEquals("up", rest.backend(Lab.address4(backend), 80).path("state").asText());
            assertEquals("up", rest.backend(Lab.address6(backend), 80).path("state").asText());
        }
        tell("%d ports of clients are still in some TIME_WAIT", ports.size());
        assertTrue(ports.stream().noneMatch(port -> port < 1024 || port >= 10_000 || port >= SERVERS_FIRST && port < SERVERS_FIRST + SERVERS), ports::toString);
        assertTrue(loomd.log().lines().noneMatch(line -> line.contains(" fails its health check: ")), loomd::logTail);
        assertTrue(!rest.get("/ebpf/status").json().path("warnings").toString().contains("LOOM-127"), "the range can be read, and is wide enough");
    }
}
