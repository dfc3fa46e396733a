package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LimitsTest {
    private static final String POST = "POST /ebpf/backends HTTP/1.1\r\nHost: localhost\r\n";

    @RegisterExtension
    private final TestServer server = new TestServer(1);

    @Test
    void aDeclaredLargeBodyIs413AtOnce() throws Exception {
        String answer = server.raw(POST + "Content-Length: 65537\r\n\r\n{");
        assertTrue(answer.startsWith("HTTP/1.1 413"), answer);
        assertTrue(answer.contains("LOOM-3413"), answer);
    }

    @Test
    void alsoOnMethodsThatNeedNoBody() throws Exception {
        String answer = server.raw("DELETE /ebpf/backends/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 413"), answer);
        assertEquals(2, server.control.backends().size());
    }

    @Test
    void aChunkedBodyIs413WhenItGrowsTooLarge() throws Exception {
        String chunk = "4000\r\n" + " ".repeat(0x4000) + "\r\n";
        String answer = server.raw(POST + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(4) + "1\r\n \r\n0\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 413"), answer);
    }

    @Test
    void aBodyOfExactlyTheLimitIsRead() throws Exception {
        String json = "{\"address\":\"10.0.0.9\",\"port\":80}";
        String body = json + " ".repeat(HttpBridge.MAX_BODY_BYTES - json.length());
        assertEquals(201, server.send("POST", "/ebpf/backends", body).statusCode());
    }

    @Test
    void hostileJsonIsRefusedAndAnsweredBriefly() throws Exception {
        StringBuilder fields = new StringBuilder("{\"x\":0");
        for (int i = 0; i < 5_000; i++) {
            fields.append(",\"x").append(i).append("\":0");
        }
        for (String body : List.of("[".repeat(60_000), "{\"port\":" + "9".repeat(60_000) + "}", fields + "}",
                "{\"" + "x".repeat(60_000) + "\":1}", "\"\u0000\ud800\"")) {
            HttpResponse<String> refused = server.send("POST", "/ebpf/backends", body);
            assertEquals(400, refused.statusCode());
            assertTrue(refused.body().length() < 50_000, "the answer has " + refused.body().length() + " characters");
        }
    }

    @Test
    void bytesThatAreNoTextAre400() throws Exception {
        String answer = server.raw(POST + "Content-Length: 5\r\nConnection: close\r\n\r\n{\"\u00ff\u00fe\"");
        assertTrue(answer.startsWith("HTTP/1.1 400"), answer);
        assertTrue(answer.contains("LOOM-3400"), answer);
    }

    @Test
    void slowBodiesGet408AndHoldNobodyUp() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
                socket.setSoTimeout(10_000);
                OutputStream out = socket.getOutputStream();
                out.write((POST + "Content-Length: 100\r\n\r\n{").getBytes(StandardCharsets.US_ASCII));
                out.flush();
                slow.add(socket);
            }
            assertEquals(200, server.send("GET", "/healthz", "").statusCode());
            String answer = new String(slow.get(0).getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(answer.startsWith("HTTP/1.1 408"), answer);
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void malformedRequestsGetJsonWithoutInternals() throws Exception {
        for (String request : List.of("NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(20_000) + "\r\n\r\n",
                "GET /ebpf/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "GET /healthz HTTP/1.1\r\n\r\n")) {
            String answer = server.raw(request);
            assertTrue(answer.startsWith("HTTP/1.1 4"), answer);
            assertTrue(answer.contains("\"errors\""), answer);
            assertTrue(!answer.contains("jetty") && !answer.contains("Exception"), answer);
        }
    }

    /** The status is Jetty's; the code says that the client is to change something. */
    @Test
    void aVersionOrCodingOfHttpThatIsNotServedIsTheClientsFault() throws Exception {
        for (String request : List.of("GET /healthz HTTP/3.0\r\nHost: localhost\r\n\r\n", "GET /healthz HTTP/9.9\r\n\r\n",
                "GET /healthz HTTQ/1.1\r\n\r\n", POST + "Transfer-Encoding: gzip\r\n\r\n", POST + "Expect: wonders\r\n\r\n")) {
            String answer = server.raw(request);
            assertTrue(answer.contains("LOOM-3400"), request + answer);
            assertTrue(!answer.contains("LOOM-3520"), request + answer);
        }
        assertTrue(server.raw("GET /healthz HTTP/3.0\r\nHost: localhost\r\n\r\n").startsWith("HTTP/1.1 505"));
    }

    @Test
    void stoppingDoesNotWaitForAnOpenConnection() throws Exception {
        try (Socket idle = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            idle.getOutputStream().write((POST + "Content-Length: 100\r\n\r\n{").getBytes(StandardCharsets.US_ASCII));
            assertTimeoutPreemptively(Duration.ofSeconds(10), () -> server.close(), "the client may stay for minutes");
        }
    }
}
