package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real sockets on the loopback interface. */
@Timeout(60)
class SelectorNetworkTest {
    private SelectorNetwork network = new SelectorNetwork();
    private final List<Attempt> told = new ArrayList<>();

    @AfterEach
    void close() {
        network.close();
    }

    private Attempt attempt(int port) throws IOException {
        Target target = new Target("web", new Endpoint(InetAddress.getLoopbackAddress(), port));
        return new Attempt(new Watched(target, Rig.check(1_000, 1_000, 2, 3), new Lane("web", 0), 0, 0), network);
    }

    /** Connected, and its end told to the server. */
    private Attempt finished(ServerSocket server) throws IOException {
        Attempt attempt = attempt(server.getLocalPort());
        attempt.line().connect(attempt.server());
        awaitTold(attempt);
        assertTrue(attempt.line().connected());
        attempt.line().finish();
        return attempt;
    }

    private void awaitTold(Attempt attempt) throws IOException {
        told.clear();
        awaitTold(1);
        assertEquals(List.of(attempt), told);
    }

    private void awaitTold(int attempts) throws IOException {
        long end = System.nanoTime() + 30_000_000_000L;
        while (told.size() < attempts && System.nanoTime() - end < 0) {
            network.await(1_000, told::add);
        }
        assertEquals(attempts, told.size());
    }

    @Test
    void aConnectionIsOpenedEndedByFinAndClosed() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Attempt attempt = finished(server);
            try (Socket accepted = server.accept()) {
                assertEquals(-1, accepted.getInputStream().read());
                accepted.getOutputStream().write(new byte[5_000]);
                accepted.shutdownOutput();
                awaitTold(attempt);
                while (!attempt.line().ended()) {
                    awaitTold(attempt);
                }
            }
            attempt.line().close();
            attempt.line().close();
            assertThrows(IOException.class, () -> attempt.line().connected());
            assertTrue(attempt.line().ended(), "what is closed is over");
        }
    }

    @Test
    void aServerThatOnlyListensHasNotEnded() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Attempt attempt = finished(server);
            assertFalse(attempt.line().ended());
        }
    }

    @Test
    void aRefusalIsThrown() throws Exception {
        int port;
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            port = server.getLocalPort();
        }
        Attempt attempt = attempt(port);
        try {
            attempt.line().connect(attempt.server());
            awaitTold(attempt);
            attempt.line().connected();
            throw new AssertionError("a refused connection must throw");
        } catch (IOException refused) {
            assertEquals("connection refused", Shortages.explain(refused));
        }
    }

    /** A round passes between the handshake and the look at it. */
    @Test
    void aServerThatAcceptsAndResetsHasAccepted() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Attempt attempt = attempt(server.getLocalPort());
            attempt.line().connect(attempt.server());
            try (Socket accepted = server.accept()) {
                accepted.setSoLinger(true, 0);
            }
            awaitTold(attempt);
            assertTrue(attempt.line().connected());
            assertThrows(IOException.class, () -> attempt.line().finish(), "which is its end");
        }
    }

    @Test
    void oneThatEndsFirstAndThenResetsHasAcceptedToo() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Attempt attempt = attempt(server.getLocalPort());
            attempt.line().connect(attempt.server());
            try (Socket accepted = server.accept()) {
                accepted.shutdownOutput();
                accepted.setSoLinger(true, 0);
            }
            awaitTold(attempt);
            assertTrue(attempt.line().connected());
        }
    }

    @Test
    void aServerThatAnswersLateIsHeardOfWhenItDoes() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Attempt> early = List.of(attempt(server.getLocalPort()), attempt(server.getLocalPort()));
            for (Attempt one : early) {
                one.line().connect(one.server());
            }
            // The queue is full: the kernel says nothing, and asks again after a second.
            Attempt late = attempt(server.getLocalPort());
            late.line().connect(late.server());
            told.clear();
            awaitTold(3);
            for (Attempt one : early) {
                assertTrue(one.line().connected());
            }
            assertFalse(late.line().connected());
            server.accept().close();
            awaitTold(late);
            assertTrue(late.line().connected());
            late.line().finish();
            assertFalse(late.line().ended());
            server.accept().close();
            server.accept().close();
            awaitTold(late);
            assertTrue(late.line().ended());
        }
    }

    @Test
    void whatIsClosedIsToldOfNoMore() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Attempt attempt = attempt(server.getLocalPort());
            attempt.line().connect(attempt.server());
            attempt.line().close();
            network.await(10, told::add);
            network.await(10, told::add);
            assertEquals(List.of(), told);
        }
    }

    @Test
    void wakingEndsAWait() throws Exception {
        Thread other = new Thread(network::wake);
        other.start();
        network.await(0, told::add);
        other.join();
        assertEquals(List.of(), told);
    }

    @Test
    void theEndClosesEveryConnection() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Attempt attempt = attempt(server.getLocalPort());
            attempt.line().connect(attempt.server());
            try (Socket accepted = server.accept()) {
                network.close();
                assertEquals(-1, accepted.getInputStream().read());
                assertTrue(attempt.line().ended());
                assertThrows(RuntimeException.class, () -> network.await(1, told::add));
                network = new SelectorNetwork();
            }
        }
    }

    @Test
    void anotherPortIsTheServersHostsPort() {
        Target target = new Target("web", new Endpoint(InetAddress.getLoopbackAddress(), 80));
        Watched watched = new Watched(target, new HealthCheck(
                Duration.ofSeconds(1), Duration.ofSeconds(1), 2, 3, OptionalInt.of(81)), new Lane("web", 0), 0, 0);
        assertEquals(new Endpoint(InetAddress.getLoopbackAddress(), 81), watched.probed());
    }
}
