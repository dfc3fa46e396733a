package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TcpHealthReportsTest {
    private static final InetAddress V4 = InetAddress.getLoopbackAddress();
    private static final HealthCheck CHECK =
            new HealthCheck(Duration.ofMillis(200), Duration.ofMillis(150), 2, 3, OptionalInt.empty());

    private final TcpHealthReports health = new TcpHealthReports();
    private final BlockingQueue<Report> reports = new LinkedBlockingQueue<>();

    @AfterEach
    void stop() {
        health.deactivate();
    }

    private static Target target(InetAddress address, int port) {
        return new Target("web", new Endpoint(address, port));
    }

    private Report next() throws InterruptedException {
        Report report = reports.poll(10, TimeUnit.SECONDS);
        assertNotNull(report, "no report came");
        return report;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, V4)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void aServerThatAcceptsIsUpAndSeesAnOrderlyEnd() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, V4)) {
            health.watch(Map.of(target(V4, server.getLocalPort()), CHECK), reports::add);
            try (Socket probe = server.accept()) {
                probe.getOutputStream().write("220 a banner nobody asked for\r\n".getBytes());
                assertEquals(-1, probe.getInputStream().read(), "the probe must end with FIN, not with a reset");
            }
            Report report = next();
            assertTrue(report.up());
            assertEquals("", report.reason());
        }
    }

    @Test
    void aRefusingServerIsDownAtOnceAndTheReasonSaysSo() throws Exception {
        int port = freePort();
        health.watch(Map.of(target(V4, port), CHECK), reports::add);
        Report report = next();
        assertFalse(report.up());
        assertEquals("connection refused (first probe of tcp 127.0.0.1:" + port + ")", report.reason());
    }

    @Test
    void aServerThatDiesLeavesAfterFallProbesAndComesBackAfterRise() throws Exception {
        ServerSocket server = new ServerSocket(0, 50, V4);
        int port = server.getLocalPort();
        health.watch(Map.of(target(V4, port), CHECK), reports::add);
        assertTrue(next().up());
        server.close();
        Report down = next();
        assertEquals("connection refused (3 of 3 probes of tcp 127.0.0.1:" + port + ")", down.reason());
        try (ServerSocket again = new ServerSocket()) {
            again.setReuseAddress(true);
            again.bind(new InetSocketAddress(V4, port));
            assertTrue(next().up());
        }
    }

    @Test
    void aServerThatDoesNotAnswerTimesOut() throws Exception {
        try (ServerSocket blackhole = new ServerSocket(0, 1, V4)) {
            List<Socket> fillers = fillBacklog(blackhole);
            health.watch(Map.of(target(V4, blackhole.getLocalPort()), CHECK), reports::add);
            Report report = next();
            assertFalse(report.up());
            assertEquals(
                    "no answer within 150 ms (first probe of tcp 127.0.0.1:" + blackhole.getLocalPort() + ")",
                    report.reason());
            for (Socket filler : fillers) {
                filler.close();
            }
        }
    }

    private static List<Socket> fillBacklog(ServerSocket server) throws IOException {
        List<Socket> fillers = new ArrayList<>();
        while (true) {
            Socket filler = new Socket();
            try {
                filler.connect(server.getLocalSocketAddress(), 300);
                fillers.add(filler);
            } catch (SocketTimeoutException full) {
                filler.close();
                return fillers;
            }
        }
    }

    @Test
    void ipv6AndAnotherPortAreProbed() throws Exception {
        InetAddress loopback = InetAddress.getByName("::1");
        try (ServerSocket server = new ServerSocket(0, 50, loopback)) {
            HealthCheck elsewhere = new HealthCheck(
                    CHECK.interval(), CHECK.timeout(), 2, 3, OptionalInt.of(server.getLocalPort()));
            health.watch(Map.of(target(loopback, 1), elsewhere), reports::add);
            assertTrue(next().up());
        }
    }

    @Test
    void aReplacedSetKeepsTheHistoryOfThoseThatStay() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 50, V4)) {
            Target stays = target(V4, server.getLocalPort());
            Target goes = target(V4, freePort());
            health.watch(Map.of(stays, CHECK, goes, CHECK), reports::add);
            next();
            next();
            health.watch(Map.of(stays, CHECK), reports::add);
            assertNull(reports.poll(1, TimeUnit.SECONDS), "neither is news");
        }
    }

    @Test
    void aListenerThatThrowsDoesNotEndTheChecks() throws Exception {
        Target broken = target(V4, freePort());
        Target fine = target(V4, freePort());
        health.watch(Map.of(broken, CHECK, fine, CHECK), report -> {
            if (report.target().equals(broken)) {
                throw new IllegalStateException("a test's listener fails");
            }
            reports.add(report);
        });
        assertEquals(fine, next().target());
    }

    /** Their port's queue is full on all addresses of 127.0.0.0/8, so that no SYN is answered. */
    @Test
    @Timeout(180)
    void silentServersOfOneUpstreamHoldNobodyElseUpAndAreTold() throws Exception {
        int crowd = Boolean.getBoolean("loom.full") ? 1_500 : 60;
        int places = Boolean.getBoolean("loom.full") ? 256 : 16;
        TcpHealthReports narrow = new TcpHealthReports(() -> 2L * places);
        try (ServerSocket blackhole = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0")); ServerSocket web = new ServerSocket(0, 50, V4)) {
            List<Socket> fillers = fillBacklog(blackhole);
            HealthCheck check = new HealthCheck(Duration.ofMillis(500), Duration.ofMillis(400), 2, 3, OptionalInt.empty());
            Map<Target, HealthCheck> targets = new HashMap<>();
            for (int i = 0; i < crowd; i++) {
                InetAddress address = InetAddress.getByAddress(new byte[] {127, 2, (byte) (i >> 8), (byte) i});
                targets.put(new Target("bulk", new Endpoint(address, blackhole.getLocalPort())), check);
            }
            Target alone = target(V4, web.getLocalPort());
            targets.put(alone, check);
            Map<Target, Integer> silent = new ConcurrentHashMap<>();
            narrow.watch(targets, report -> {
                if (report.target().equals(alone)) {
                    reports.add(report);
                } else if (!report.up()) {
                    silent.merge(report.target(), 1, Integer::sum);
                }
            });
            assertTrue(next().up());
            await(() -> silent.size() == crowd);
            await(() -> narrow.problems().stream().anyMatch(problem -> problem.toString().startsWith(
                    "LOOM-3530 health checks of upstream bulk run up to ")));
            await(() -> narrow.use().upstreams().get(0).open() > places / 2);
            assertEquals(places, narrow.use().places());
            web.close();
            Report down = next();
            assertFalse(down.up());
            assertEquals(alone, down.target());
            targets.keySet().removeIf(target -> !target.equals(alone));
            narrow.watch(targets, reports::add);
            await(() -> narrow.use().upstreams().size() == 1);
            assertEquals("web", narrow.use().upstreams().get(0).upstream());
            for (Socket filler : fillers) {
                filler.close();
            }
        } finally {
            narrow.deactivate();
        }
    }

    /** A deadline only; what is waited for comes much sooner. */
    private static void await(BooleanSupplier state) throws InterruptedException {
        for (int i = 0; i < 1_200 && !state.getAsBoolean(); i++) {
            Thread.sleep(50);
        }
        assertTrue(state.getAsBoolean());
    }

    @Test
    void aThousandTargetsAreAllProbedAtOnce() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 2000, InetAddress.getByName("0.0.0.0"))) {
            HealthCheck check = new HealthCheck(
                    Duration.ofSeconds(5), Duration.ofSeconds(4), 2, 3, OptionalInt.of(server.getLocalPort()));
            Map<Target, HealthCheck> targets = new HashMap<>();
            for (int i = 0; i < 1000; i++) {
                targets.put(target(InetAddress.getByAddress(new byte[] {127, 1, (byte) (i >> 8), (byte) i}), 80), check);
            }
            Thread acceptor = new Thread(() -> acceptAll(server));
            acceptor.start();
            health.watch(targets, reports::add);
            Set<Target> seen = new HashSet<>();
            while (seen.size() < 1000) {
                Report report = next();
                assertTrue(report.up(), report.reason());
                seen.add(report.target());
            }
            server.close();
            acceptor.join();
        }
    }

    private static void acceptAll(ServerSocket server) {
        while (true) {
            try (Socket ignored = server.accept()) {
                continue;
            } catch (IOException closed) {
                return;
            }
        }
    }
}
