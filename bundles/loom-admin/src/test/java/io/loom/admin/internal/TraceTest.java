package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.IpAddress;
import io.loom.api.control.Tracing;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceTest {
    private static final long PATIENCE_MILLIS = 5000;

    @RegisterExtension
    private final TestServer server = new TestServer(5);

    private HttpResponse<String> get(String query) throws Exception {
        return server.send("GET", "/ebpf/trace" + query, "");
    }

    @Test
    void aLineForEachPacketAndOneAtTheEnd() throws Exception {
        server.tracing.packets.add(FakeTracing.packet("10.0.0.1"));
        server.tracing.packets.add(FakeTracing.packet("10.0.0.2"));
        HttpResponse<String> answer = get("?duration=200ms");
        assertEquals(200, answer.statusCode());
        assertEquals("application/x-ndjson", answer.headers().firstValue("Content-Type").orElse(""));
        assertEquals("""
                {"time":"1970-01-01T00:00:00Z","interface":"eth0","cpu":1,"action":"forward","verdict":"forward","kind":"packet",\
                "protocol":"tcp","source":"10.0.0.1","source_port":40000,"destination":"10.0.0.100","destination_port":80,\
                "tcp_flags":"syn","length":60,"listener":"tcp 10.0.0.100:80","vip":"web","backend":"10.0.1.10:8080",\
                "sent_to":"10.0.1.10","bytes_in":74,"bytes_out":94}""", answer.body().lines().findFirst().orElse(""));
        assertEquals("{\"end\":{\"packets\":2,\"lost\":7}}", answer.body().lines().reduce((one, last) -> last).orElse(""));
        assertEquals(List.of(), server.tracing.open);
    }

    @Test
    void packetsComeWhileItRuns() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout((int) PATIENCE_MILLIS);
            socket.getOutputStream().write("GET /ebpf/trace?duration=60s HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            readUntil(in, "running"); // after a second without a packet
            server.tracing.packets.add(FakeTracing.packet("10.0.0.3"));
            readUntil(in, "10.0.0.3");
        }
        waitUntilClosed();
    }

    private static void readUntil(BufferedReader in, String text) throws Exception {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.contains(text)) {
                return;
            }
        }
        throw new AssertionError("it ended before " + text);
    }

    /** The client has left. */
    private void waitUntilClosed() throws Exception {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (!server.tracing.open.isEmpty() && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        assertEquals(List.of(), server.tracing.open);
    }

    @Test
    void parametersSayWhatIsWanted() throws Exception {
        assertEquals(200, get("?duration=1ms&address=2001%3Adb8%3A%3A1&verdict=forward&vip=default").statusCode());
        assertEquals(Optional.of(new Tracing.Wanted(Set.of(1), IpAddress.parse("2001:db8::1"), Optional.of("default"))), server.tracing.wanted);
    }

    @Test
    void itEndsAtTheLimit() throws Exception {
        for (int i = 0; i < 5; i++) {
            server.tracing.packets.add(FakeTracing.packet("10.0.0.1"));
        }
        assertEquals(4, get("?duration=60s&limit=3").body().lines().count());
    }

    @ParameterizedTest
    @CsvSource({
        "duration=61s, LOOM-3416", "duration=0, LOOM-3416", "duration=ten, LOOM-3415", "duration=2m, LOOM-3416", "limit=0, LOOM-3416",
        "address=web1, LOOM-3415", "vip=none, LOOM-3420", "verdict=drop_all, LOOM-3420", "color=red, LOOM-3414",
        "duration=1s&duration=2s, duration is given more than once", "duration=1s&%64uration=1s, duration is given more than once",
        "duration=0, it would end before the first packet", "duration=61s, a trace lasts 60 s at most",
        "duration=99999999999999999999m, a trace lasts 60 s at most", "limit=few, is no number of packets", "limit=1000000000, a trace has at most 999999999 packets",
        "limit=99999999999999999999, a trace has at most 999999999 packets"
    })
    void whatMakesNoSenseIsRefused(String query, String said) throws Exception {
        HttpResponse<String> answer = get("?" + query);
        assertEquals(400, answer.statusCode());
        assertTrue(answer.body().contains(said), answer.body());
        assertTrue(server.tracing.wanted.isEmpty());
    }

    @Test
    void aThirdIsToldToWait() throws Exception {
        server.tracing.read(new Tracing.Wanted(Set.of(), Optional.empty(), Optional.empty()));
        server.tracing.read(new Tracing.Wanted(Set.of(), Optional.empty(), Optional.empty()));
        HttpResponse<String> answer = get("");
        assertEquals(429, answer.statusCode());
        assertTrue(answer.body().contains("LOOM-3429"), answer.body());
    }

    @Test
    void headHasNoLinesAndTakesNoTime() throws Exception {
        HttpResponse<String> answer = server.send("HEAD", "/ebpf/trace?duration=60s", "");
        assertEquals(200, answer.statusCode());
        assertFalse(answer.headers().firstValue("Content-Type").isEmpty());
        waitUntilClosed();
    }

    @Test
    void whatIsNotKnownIsQuotedWithWhatThereIs() throws Exception {
        assertTrue(get("?vip=no%01ne").body().contains("there is no vip \\\"no?ne\\\""), get("?vip=no%01ne").body());
        assertTrue(get("?vip=none").body().contains("use one of default"), get("?vip=none").body());
        assertTrue(get("?vip=" + "x".repeat(60)).body().contains("\\\"" + "x".repeat(60) + "\\\""));
        assertTrue(get("?vip=" + "x".repeat(61)).body().contains("\\\"" + "x".repeat(60) + "...\\\""));
    }
}
