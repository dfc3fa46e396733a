package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.control.Connections.State;
import io.loom.api.control.Connections.Wanted;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionRouteTest {
    private static final String NDJSON = "application/x-ndjson";
    private static final long PATIENCE_MILLIS = 10_000;

    @RegisterExtension
    private final TestServer server = new TestServer(5);

    private HttpResponse<String> get(String query, String... headers) throws Exception {
        return server.send("GET", "/ebpf/connections" + query, "", headers);
    }

    private HttpResponse<String> stream(String query) throws Exception {
        return get(query, "Accept", NDJSON);
    }

    @Test
    void aPageHasWhereTheNextOneBegins() throws Exception {
        HttpResponse<String> answer = get("?limit=1");
        assertEquals(200, answer.statusCode());
        assertEquals("application/json", answer.headers().firstValue("Content-Type").orElse(""));
        assertEquals("""
                {
                  "connections" : [
                    {
                      "vip" : "web",
                      "protocol" : "tcp",
                      "client" : "10.0.0.1",
                      "client_port" : 1,
                      "vip_address" : "10.0.0.100",
                      "vip_port" : 80,
                      "backend_id" : 1,
                      "backend" : "10.0.1.10:8080",
                      "upstream" : "default",
                      "forwarding" : "nat",
                      "source" : "10.0.1.1",
                      "source_port" : 21044,
                      "state" : "established",
                      "assured" : true,
                      "idle_seconds" : 3,
                      "expires_seconds" : 314
                    }
                  ],
                  "next" : "4-1-1"
                }
                """, answer.body());
        assertTrue(get("?after=4-1-1").body().endsWith("  \"next\" : \"\"\n}\n"));
        assertEquals(ConnectionRoute.PAGE, server.connections.largest);
    }

    @Test
    void aPlaceThatIsNoneIsRefused() throws Exception {
        for (HttpResponse<String> answer : new HttpResponse[] {get("?after=nowhere"), stream("?after=nowhere")}) {
            assertEquals(400, answer.statusCode());
            assertTrue(answer.body().contains("LOOM-3416") && answer.body().contains("begin anew without it"), answer.body());
        }
    }

    @Test
    void parametersSayWhatIsWanted() throws Exception {
        assertEquals(200, get("?vip=default&backend=2&client=10.0.0.0%2F24&state=udp&idle=2m&seen=1h").statusCode());
        assertEquals(Optional.of(new Wanted(Optional.of("default"), Optional.of("default"), Optional.of("10.0.1.11:8080"),
                Optional.of(new Prefix(IpAddress.parse("10.0.0.0").orElseThrow(), 24)), OptionalInt.empty(), Optional.of(State.UDP),
                Optional.of(Duration.ofMinutes(2)), Optional.of(Duration.ofHours(1)))), server.connections.wanted);
        assertEquals(200, get("").statusCode());
        assertEquals(Optional.of(Wanted.ALL), server.connections.wanted);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 10.0.0.1/32, -1", "10.0.0.1:80, 10.0.0.1/32, 80", "10.0.0.9/24, 10.0.0.0/24, -1", "10.0.0.1:0, 10.0.0.1/32, 0",
        "2001:db8::1, 2001:db8::1/128, -1", "[2001:db8::1]:80, 2001:db8::1/128, 80", "2001:db8::9/64, 2001:db8::/64, -1", "0.0.0.0/0, 0.0.0.0/0, -1"
    })
    void clients(String text, String network, int port) throws Exception {
        assertEquals(200, get("?client=" + text.replace("/", "%2F").replace("[", "%5B").replace("]", "%5D")).statusCode());
        Wanted wanted = server.connections.wanted.orElseThrow();
        assertEquals(network, wanted.client().orElseThrow().toString());
        assertEquals(port, wanted.clientPort().orElse(-1));
    }

    @ParameterizedTest
    @CsvSource({"local, local", "10.9.9.9:1, 10.9.9.9:1", "[2001:DB8:0::1]:80, [2001:db8::1]:80"})
    void backendsThatAreNoMore(String text, String backend) throws Exception {
        assertEquals(200, get("?backend=" + text.replace("[", "%5B").replace("]", "%5D")).statusCode());
        assertEquals(Optional.of(backend), server.connections.wanted.orElseThrow().backend());
        assertEquals(Optional.empty(), server.connections.wanted.orElseThrow().upstream());
    }

    @ParameterizedTest
    @CsvSource({
        "vip=none, there is no vip", "upstream=none, there is no upstream", "backend=99, there is no backend 99", "backend=web, is no backend",
        "backend=10.0.0.1:0, is no backend", "backend=10.0.0.1:65536, is no backend", "client=web, is no client", "client=10.0.0.1:65536, is no client",
        "client=10.0.0.1%2F33, is no client", "state=open, 'use one of syn_sent, established, fin_wait, time_wait, syn_recv, udp'", "idle=ten, is no duration",
        "seen=5x, is no duration", "limit=0, is out of range", "limit=1001, give 1 to 1000", "limit=all, is no number", "count=yes, is neither true nor false",
        "count=true&limit=5, pages are not counted", "color=red, there is no parameter color", "limit=1&limit=2, limit is given more than once"
    })
    void whatMakesNoSenseIsRefused(String query, String said) throws Exception {
        HttpResponse<String> answer = get("?" + query);
        assertEquals(400, answer.statusCode());
        assertTrue(answer.body().contains(said), answer.body());
        assertTrue(server.connections.wanted.isEmpty());
    }

    @Test
    void allThatIsWrongIsSaid() throws Exception {
        String body = get("?color=red&vip=none&limit=0").body();
        assertTrue(body.contains("color") && body.contains("there is no vip") && body.contains("out of range"), body);
    }

    @Test
    void theyAreCountedByState() throws Exception {
        assertEquals("""
                {
                  "total" : 5,
                  "states" : {
                    "syn_sent" : 0,
                    "established" : 3,
                    "fin_wait" : 0,
                    "time_wait" : 0,
                    "syn_recv" : 0,
                    "udp" : 2
                  }
                }
                """, get("?count=true").body());
    }

    @Test
    void aStreamHasThemAllAndSaysSo() throws Exception {
        server.connections.size = 9000;
        HttpResponse<String> answer = stream("");
        assertEquals(NDJSON, answer.headers().firstValue("Content-Type").orElse(""));
        assertEquals(9001, answer.body().lines().count());
        assertEquals("{\"end\":{\"connections\":9000,\"next\":\"\"}}", answer.body().lines().reduce((one, last) -> last).orElse(""));
        assertEquals(ConnectionStream.PAGE, server.connections.largest);
        assertTrue(stream("?limit=8500").body().endsWith("{\"end\":{\"connections\":8500,\"next\":\"4-1-8500\"}}\n"));
    }

    /** Whoever does not read holds up himself, and, of those who stream, the third. */
    @Test
    void aStreamThatNobodyReadsHoldsNobodyUp() throws Exception {
        server.connections.size = 10_000_000;
        try (Socket one = open(); Socket other = open()) {
            HttpResponse<String> third = stream("");
            assertEquals(429, third.statusCode());
            assertTrue(third.body().contains("LOOM-3429"), third.body());
            assertEquals(200, get("").statusCode());
            assertEquals(200, server.send("GET", "/healthz", "").statusCode());
        }
        server.connections.size = 1;
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (stream("").statusCode() == 429) {
            assertFalse(System.nanoTime() > end, "streams whose clients have left do not end");
            Thread.sleep(50);
        }
    }

    /** Nothing but what has been read makes room: not a megabyte of it lies in the kernel. */
    @Test
    void aStreamIsNoFurtherThanItsClient() throws Exception {
        server.connections.size = 10_000_000;
        try (Socket unread = open()) {
            Thread.sleep(500);
            assertEquals(1, server.connections.pages.get());
        }
    }

    /** One whose first line has come. */
    private Socket open() throws Exception {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(64 * 1024);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        socket.setSoTimeout((int) PATIENCE_MILLIS);
        socket.getOutputStream().write(("GET /ebpf/connections HTTP/1.1\r\nHost: localhost\r\nAccept: " + NDJSON + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null && !line.contains("\"vip\""); line = in.readLine()) {
            assertFalse(line.contains("errors"), line);
        }
        return socket;
    }

    @Test
    void headHasNoLinesAndLeavesItsPlace() throws Exception {
        for (int i = 0; i <= ConnectionRoute.STREAMS; i++) {
            assertEquals(200, server.send("HEAD", "/ebpf/connections", "", "Accept", NDJSON).statusCode());
        }
    }
}
