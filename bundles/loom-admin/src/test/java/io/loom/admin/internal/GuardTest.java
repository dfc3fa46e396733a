package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.IpAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuardTest {
    @RegisterExtension
    private final TestServer server = new TestServer(1);

    private String statusOf(String host, String... more) throws Exception {
        String headers = String.join("", Arrays.stream(more).map(line -> line + "\r\n").toList());
        return server.raw("GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + headers + "\r\n")
                .split(" ")[1];
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST", "127.0.0.1", "[::1]", "localhost:9091", "127.0.0.1:9091", "[::1]:9091"})
    void itsOwnNamesAreServed(String host) throws Exception {
        assertEquals("200", statusOf(host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "localhost.",
        "[::1"})
    void otherHostsAreRefused(String host) throws Exception {
        String status = statusOf(host);
        assertTrue(status.equals("403") || status.equals("400"), status);
    }

    @ParameterizedTest
    @CsvSource({"http://evil.example,403", "null,403", "http://localhost:3000,403", "https://localhost:9091,403",
        "http://localhost:9091,200"})
    void onlyTheSameOriginIsServed(String origin, String status) throws Exception {
        assertEquals(status, statusOf("localhost:9091", "Origin: " + origin));
    }

    @Test
    void http10WithoutHostIsServed() throws Exception {
        assertTrue(server.raw("GET /healthz HTTP/1.0\r\n\r\n").startsWith("HTTP/1.1 200"), "no Host is needed in HTTP/1.0");
    }

    @Test
    void aForeignPageChangesNothing() throws Exception {
        String body = "{\"weight\":1}";
        String answer = server.raw("PATCH /ebpf/backends/1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                + "Content-Length: " + body.length() + "\r\nConnection: close\r\n\r\n" + body);
        assertTrue(answer.startsWith("HTTP/1.1 403"), answer);
        assertEquals(100, server.control.backend(1).weight());
    }

    @Test
    void onAWildcardAddressAnyAddressButNoNameIsServed() throws Exception {
        Guard guard = new Guard(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 9091), name -> false);
        assertTrue(guard.check(call("192.0.2.7:9091")).isEmpty());
        assertTrue(guard.check(call("evil.example:9091")).isPresent());
    }

    @Test
    void namesOfThisHostAreServedWithOrWithoutPortAndDot() throws Exception {
        for (String host : List.of("lb1.example.com", "LB1.example.com:9091", "named.example:80")) {
            assertEquals("200", statusOf(host), host);
        }
        for (String host : List.of("lb1.example.com.evil.example", "xlb1.example.com", "example.com", "lb2.example.com")) {
            assertEquals("403", statusOf(host), host);
        }
        assertEquals("403", statusOf("lb1.example.com", "Origin: http://evil.example"));
        assertEquals("200", statusOf("lb1.example.com:9091", "Origin: http://lb1.example.com:9091"));
    }

    @Test
    void theRefusalSaysHowToServeAName() throws Exception {
        String answer = server.raw("GET /metrics HTTP/1.1\r\nHost: prometheus.example\r\nConnection: close\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 403"), answer);
        assertTrue(answer.contains("LOOM-3403") && answer.contains("prometheus.example") && answer.contains("admin.rest.names"), answer);
    }

    /** Nobody can rebind an address of this host, whichever of them REST is bound to. */
    @Test
    void addressesOfThisHostAreServed() throws Exception {
        Guard guard = new Guard(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9091), name -> false);
        for (InetAddress own : NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses).toList()) {
            String text = IpAddress.format(own);
            String host = own instanceof Inet6Address ? "[" + text + "]" : text;
            assertTrue(guard.check(call(host + ":9091")).isEmpty(), host);
        }
        assertTrue(guard.check(call("192.0.2.7")).isPresent());
    }

    @Test
    void theHostsOwnNameIsKnownSoon() throws Exception {
        Process uname = new ProcessBuilder("uname", "-n").start();
        String name = new String(uname.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip().toLowerCase(Locale.ROOT);
        OwnNames own = new OwnNames();
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!own.test(name) && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        assertTrue(own.test(name), name);
        assertTrue(own.test(name + "."), "with the dot of a name that is whole");
        assertFalse(own.test("evil.example"));
        assertFalse(own.test(""));
    }

    @Test
    void namesOfOwnAddressesInTheHostsFileCountAndOthersDoNot() throws Exception {
        String file = "127.0.1.1 lb1.example.com LB1 # mine\n10.0.0.5\tlb-admin\n10.0.0.6 other\n#10.0.0.5 off\nbroken\n\n::1 six\n";
        assertEquals(Set.of("lb1.example.com", "lb1", "lb-admin", "six"), OwnNames.hostsFile(
                file.getBytes(StandardCharsets.US_ASCII), Set.of(InetAddress.getByName("10.0.0.5"))));
    }

    private static Call call(String host) {
        return new Call("GET", "/", name -> name.equals("Host") ? host : "", new byte[0], List.of(), Map::of);
    }
}
