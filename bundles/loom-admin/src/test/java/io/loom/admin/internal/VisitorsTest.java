package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that ask nothing, or slowly, and whoever wants an answer meanwhile. Real sockets from several loopback addresses. */
class VisitorsTest {
    private static final long SECOND = 1_000_000_000L;

    @RegisterExtension
    private final TestServer server = new TestServer(2, new Visitors.Limits(40, 100, 2 * SECOND, 3 * SECOND, 5 * SECOND));
    private final List<Socket> sockets = new ArrayList<>();

    @AfterEach
    void hangUp() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private Socket from(String address) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), 5_000);
        socket.setSoTimeout(10_000);
        sockets.add(socket);
        return socket;
    }

    private static String ask(Socket socket, String path) throws IOException {
        send(socket, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    /** Nanoseconds until the server ends the connection, or 10 s are over. */
    private static long lasts(Socket socket, long since) throws IOException {
        try {
            socket.getInputStream().readAllBytes();
        } catch (java.net.SocketTimeoutException stays) {
            return Long.MAX_VALUE;
        } catch (IOException reset) {
            return System.nanoTime() - since;
        }
        return System.nanoTime() - since;
    }

    @Test
    void idleConnectionsOfOneClientBlindNobodyNotEvenThatClient() throws Exception {
        for (int i = 0; i < 600; i++) {
            from("127.0.0.2");
        }
        for (String path : List.of("/metrics", "/readyz", "/healthz")) {
            assertTrue(ask(from("127.0.0.1"), path).startsWith("HTTP/1.1 200"), path);
            assertTrue(ask(from("127.0.0.2"), path).startsWith("HTTP/1.1 200"), path);
        }
    }

    @Test
    void idleConnectionsOfManyClientsBlindNobody() throws Exception {
        for (int i = 0; i < 600; i++) {
            from("127.0.0." + (2 + i % 100));
        }
        assertTrue(ask(from("127.0.0.1"), "/metrics").startsWith("HTTP/1.1 200"));
        assertTrue(ask(from("127.0.0.200"), "/readyz").startsWith("HTTP/1.1 200"));
    }

    @Test
    void whoIsBeyondTakesThePlaceOfTheOneThatHasWaitedForLongest() throws Exception {
        Socket first = from("127.0.0.2");
        List<Socket> others = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            others.add(from("127.0.0.2"));
        }
        assertTrue(lasts(first, System.nanoTime()) < 2 * SECOND, "the first one goes before its time is over");
        assertTrue(ask(others.get(39), "/healthz").startsWith("HTTP/1.1 200"));
        assertTrue(ask(others.get(0), "/healthz").startsWith("HTTP/1.1 200"));
    }

    @Test
    void aHeadThatDripsEndsInItsTime() throws Exception {
        long begun = System.nanoTime();
        Socket drip = from("127.0.0.2");
        send(drip, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
        Thread dripping = new Thread(() -> {
            try {
                for (int i = 0; i < 100; i++) {
                    send(drip, "x");
                    Thread.sleep(100);
                }
            } catch (IOException | InterruptedException ended) {
                // what this is about
            }
        });
        dripping.start();
        long nanos = lasts(drip, begun);
        assertTrue(nanos > 2 * SECOND && nanos < 8 * SECOND, "after " + nanos / 1_000_000 + " ms");
        dripping.interrupt();
        dripping.join();
    }

    @Test
    void betweenTwoRequestsThereIsAnotherTimeAndItCountsFromTheAnswer() throws Exception {
        Socket kept = from("127.0.0.2");
        for (int i = 0; i < 3; i++) {
            send(kept, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            byte[] answer = new byte[4096];
            int length = kept.getInputStream().read(answer);
            assertTrue(new String(answer, 0, length, StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 200"));
            Thread.sleep(1_000);
        }
        long since = System.nanoTime();
        long nanos = lasts(kept, since);
        assertTrue(nanos > SECOND && nanos < 8 * SECOND, "after " + nanos / 1_000_000 + " ms");
    }

    /** As when the kernel does not answer: changes wait in their own queue, nobody else does. */
    @Test
    void changesThatHangDoNotKeepMetricsAndReadinessWaiting() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        server.control.beforeChange = () -> {
            try {
                release.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        };
        try {
            String body = "{\"weight\":1}";
            for (int i = 0; i < 30; i++) {
                send(from("127.0.0.2"), "PATCH /ebpf/backends/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                send(from("127.0.0.3"), "DELETE /ebpf/backends/2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
            }
            Thread.sleep(300);
            assertTrue(ask(from("127.0.0.1"), "/metrics").startsWith("HTTP/1.1 200"));
            assertTrue(ask(from("127.0.0.1"), "/readyz").startsWith("HTTP/1.1 200"));
        } finally {
            release.countDown();
        }
    }

    /** Each look takes 50 ms: who asks for 8,000 of them at once waits for itself. */
    @Test
    void whoAsksWithoutWaitingForAnswersKeepsNobodyElseWaiting() throws Exception {
        server.control.beforeLook = () -> {
            try {
                Thread.sleep(50);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        };
        String many = "GET /ebpf/backends HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
        for (int i = 0; i < 40; i++) {
            send(from("127.0.0.2"), many);
        }
        Thread.sleep(300);
        long since = System.nanoTime();
        assertTrue(ask(from("127.0.0.1"), "/readyz").startsWith("HTTP/1.1 200"));
        assertTrue(ask(from("127.0.0.1"), "/metrics").startsWith("HTTP/1.1 200"));
        assertTrue(System.nanoTime() - since < 5 * SECOND, "that is what 800 of the others' looks take");
    }

    @Test
    void bodiesThatDoNotComeKeepNobodyOutNotEvenTheirSender() throws Exception {
        List<Socket> half = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            half.add(from("127.0.0.2"));
            send(half.get(i), "PATCH /ebpf/backends/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{\"weight");
        }
        Thread.sleep(300);
        assertTrue(ask(from("127.0.0.2"), "/readyz").startsWith("HTTP/1.1 200"));
        send(half.get(39), "\":1}");
        byte[] answer = new byte[4096];
        int length = half.get(39).getInputStream().read(answer);
        assertTrue(new String(answer, 0, Math.max(0, length), StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 200"), "the first had to go");
    }

    @Test
    void connectionsThatEndAreForgotten() throws Exception {
        for (int round = 0; round < 5; round++) {
            List<Socket> some = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                some.add(from("127.0.0.2"));
            }
            for (Socket socket : some) {
                socket.close();
            }
        }
        Thread.sleep(500);
        List<Socket> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            all.add(from("127.0.0.2"));
        }
        int served = 0;
        for (Socket socket : all) {
            served += ask(socket, "/healthz").startsWith("HTTP/1.1 200") ? 1 : 0;
        }
        assertEquals(40, served);
    }
}
