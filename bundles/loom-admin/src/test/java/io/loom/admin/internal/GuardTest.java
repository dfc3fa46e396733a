package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
        Guard guard = new Guard(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 9091));
        assertTrue(guard.check(call("192.0.2.7:9091")).isEmpty());
        assertTrue(guard.check(call("evil.example:9091")).isPresent());
    }

    private static Call call(String host) {
        return new Call("GET", "/", name -> name.equals("Host") ? host : "", new byte[0], List.of(), Map::of);
    }
}
