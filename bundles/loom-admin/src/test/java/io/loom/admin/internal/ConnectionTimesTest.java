package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The times of a connection are those of what it does, and an answer leaves it as it should be. */
class ConnectionTimesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long LONG = 60 * SECOND;

    private interface Step {
        void on(TestServer server, Socket socket) throws Exception;
    }

    private static void with(long head, long idle, long answer, Step step) throws Exception {
        try (TestServer server = new TestServer(5, new Visitors.Limits(32, 64, head, idle, answer));
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            step.on(server, socket);
        }
    }

    private static void ask(Socket socket, String path) throws IOException {
        socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void anAnswerThatTakesTooLongEndsAndOneInTimeDoesNotCountAsAHead() throws Exception {
        with(LONG, LONG, SECOND, (server, socket) -> {
            ask(socket, "/ebpf/trace?duration=60s");
            assertFalse(rest(socket).contains("\"end\""), "it was cut off");
        });
        with(SECOND, LONG, LONG, (server, socket) -> {
            socket.getOutputStream().write("GET /ebpf/trace?duration=3s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertTrue(rest(socket).contains("\"end\""), "the head was there in time");
        });
    }

    @Test
    void afterTheAnswerItIsIdle() throws Exception {
        with(LONG, SECOND, LONG, (server, socket) -> {
            ask(socket, "/healthz");
            assertTrue(rest(socket).startsWith("HTTP/1.1 200"), "and then it ended, though nobody asked for that");
        });
    }

    @Test
    void afterAStreamTheConnectionServesOn() throws Exception {
        with(LONG, SECOND, LONG, (server, socket) -> {
            ask(socket, "/ebpf/trace?duration=1ms");
            ask(socket, "/healthz");
            String both = rest(socket);
            assertTrue(both.contains("\"end\"") && both.contains("{\"alive\":true}"), both);
        });
    }

    @Test
    void aBodyThatBreaksOffIsToldAsSuch() throws Exception {
        with(LONG, LONG, LONG, (server, socket) -> {
            socket.getOutputStream().write("POST /ebpf/backends HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            String answer = rest(socket);
            assertTrue(answer.startsWith("HTTP/1.1 400") && answer.contains("the body could not be read"), answer);
        });
    }

    @Test
    void headersSayNoMoreThanTheyMust() throws Exception {
        with(LONG, LONG, LONG, (server, socket) -> {
            HttpResponse<String> answer = server.send("GET", "/healthz", "");
            assertEquals(List.of(), answer.headers().allValues("Server"));
            assertEquals(List.of("15"), answer.headers().allValues("Content-Length"));
            assertEquals(List.of("15"), server.send("HEAD", "/healthz", "").headers().allValues("Content-Length"));
            HttpResponse<String> gone = server.send("DELETE", "/ebpf/backends/1", "");
            assertEquals(204, gone.statusCode());
            assertEquals(List.of(), gone.headers().allValues("Content-Type"));
        });
    }

    @Test
    void noThreadOfItKeepsTheProcessAlive() throws Exception {
        with(LONG, LONG, LONG, (server, socket) -> {
            assertEquals(200, server.send("PATCH", "/ebpf/backends/1", "{\"weight\":1}").statusCode());
            Consumer<String> daemons = prefix -> {
                List<Thread> threads = Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith(prefix)).toList();
                assertFalse(threads.isEmpty(), prefix);
                assertTrue(threads.stream().allMatch(Thread::isDaemon), threads::toString);
            };
            daemons.accept("loom-rest-change");
            daemons.accept("loom-rest");
        });
    }

    /** In OSGi Jetty needs another one while it starts; whoever starts it must have its own again. */
    @Test
    void whoStartsItKeepsItsClassLoader() {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        ClassLoader mine = new ClassLoader(before) { };
        thread.setContextClassLoader(mine);
        try (TestServer server = new TestServer(1)) {
            assertSame(mine, thread.getContextClassLoader());
            assertTrue(server.port() > 0);
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
