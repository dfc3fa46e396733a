package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of connections whose backend goes down: its probes fail, while the server itself is alive and would answer. */
class OnDownIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** One connection: a request, and another one once standard input ends. */
    private static final String HOLD = """
            import socket, sys
            held = socket.create_connection((sys.argv[1], 80), 30)
            def ask():
                held.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                return held.recv(4096).split(b"\\r\\n")[0].decode()
            print(ask(), flush=True)
            sys.stdin.read()
            try:
                print(ask())
            except ConnectionResetError:
                print("reset")
            """;
    private static final String PROBED = """
            import socket
            server = socket.create_server(("::", 9100), family=socket.AF_INET6, dualstack_ipv6=True)
            while True:
                server.accept()[0].close()
            """;

    private Background probed;

    OnDownIT() {
        super("ondown");
    }

    @BeforeAll
    void start() {
        String upstream = "{name: %s, on_down: %1$s, health_check: {type: tcp, port: 9100, interval: 200ms, timeout: 200ms, rise: 2, fall: 3}, "
                + "servers: [{address: 10.77.0.11, port: 80}, {address: \"fd77::11\", port: 80}]}";
        lab.serveAll();
        loomd.configure("""
                ebpf:
                  interface: eth0
                  xdp: {on_empty: drop}
                  vips:
                    - {name: move, addresses: [10.77.0.110, "fd77::110"], ports: [80], forwarding: nat, upstream: move}
                    - {name: keep, addresses: [10.77.0.111, "fd77::111"], ports: [80], forwarding: nat, upstream: keep}
                upstreams:
                  - %s
                  - %s
                """.formatted(upstream.formatted("move"), upstream.formatted("keep")));
        loomd.start();
    }

    private void probesSucceed(boolean succeed) {
        if (succeed) {
            probed = Background.start(lab.lineOn("backend1", List.of("python3", "-c", PROBED)));
        } else {
            probed.stop();
        }
        Await.until(succeed ? "both vips are well" : "the backend is down in both", LIMIT, () -> Stream.of("move", "keep")
                .allMatch(vip -> succeed ? rest.degraded(vip).isEmpty() : rest.hasNoBackend(vip)), rest::vips);
    }

    @AfterEach
    void end() {
        probed.stop();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.77.0.11%d", "fd77::11%d"})
    void aConnectionEndsWithAResetUnlessItIsToStay(String address) {
        probesSucceed(true);
        long before = answered();
        Background moved = hold(address.formatted(0));
        Background kept = hold(address.formatted(1));
        Await.until("both have been answered", LIMIT, () -> answered() - before >= 2, () -> answered() + " answers");
        double resets = resets();
        probesSucceed(false);
        assertEquals(List.of("HTTP/1.1 200 OK", "reset"), moved.closeInput().lines().toList());
        assertEquals(List.of("HTTP/1.1 200 OK", "HTTP/1.1 200 OK"), kept.closeInput().lines().toList());
        assertTrue(resets() > resets, "Loom's own reset, no packet came to the host's");
        assertEquals(28, lab.on("client", "curl", "-sSg", "-m", "1", "http://10.77.0.111/").status(), "nobody begins with one that is down");
    }

    private Background hold(String address) {
        return Background.start(lab.lineOn("client", List.of("python3", "-c", HOLD, address)));
    }

    private long answered() {
        return lab.logged("backend1", "10.77.0.11", 80) + lab.logged("backend1", "fd77::11", 80);
    }

    private double resets() {
        return rest.metrics().get("loom_ebpf_verdicts_total{reason=\"reset\"}");
    }
}
