package io.loom.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import org.junit.jupiter.api.Test;

class BindFailureTest {
    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(IpAddress.parse(address).orElseThrow(), port);
    }

    /** What the host says, wrapped as servers do. */
    private static BindFailure fails(InetSocketAddress wanted) {
        IOException said = assertThrows(BindException.class, () -> {
            try (ServerSocket socket = new ServerSocket(wanted.getPort(), 1, wanted.getAddress())) {
                throw new AssertionError("bound " + socket);
            }
        });
        return BindFailure.of(wanted, new IOException("failed to bind", said), "admin.rest");
    }

    @Test
    void anAddressOfAnotherHostIsNoPortInUse() {
        assertEquals(new BindFailure("192.0.2.77 is no address of this host", "put it on an interface, or set admin.rest to one that is (ip address)"),
                fails(at("192.0.2.77", 9091)));
    }

    @Test
    void aPortThatIsTakenIsNoWrongAddress() throws IOException {
        try (ServerSocket busy = new ServerSocket(0, 1, IpAddress.parse("127.0.0.2").orElseThrow())) {
            assertEquals(new BindFailure("Address already in use", "stop what uses it (ss -ltnp) or set admin.rest in the configuration file"),
                    fails(at("127.0.0.2", busy.getLocalPort())));
        }
    }

    @Test
    void aPortOfTheSuperuserIsNotInUse() {
        BindException denied = new BindException("Permission denied");
        assertEquals("give loomd CAP_NET_BIND_SERVICE, or set admin.ssh to a port from 1024",
                BindFailure.of(at("127.0.0.1", 22), denied, "admin.ssh").fix());
        assertEquals("stop what uses it (ss -ltnp) or set admin.ssh in the configuration file",
                BindFailure.of(at("127.0.0.1", 1024), denied, "admin.ssh").fix());
    }

    @Test
    void whatElseGoesWrongBlamesNobody() {
        assertEquals(new BindFailure("Too many open files", "set admin.rest in the configuration file"),
                BindFailure.of(at("127.0.0.1", 9091), new RuntimeException(new SocketException("Too many open files")), "admin.rest"));
    }

    @Test
    void onlyAWildcardExcludesOtherAddressesOfItsPort() {
        assertFalse(BindFailure.excludes(at("127.0.0.1", 80), at("127.0.0.2", 80)));
        assertTrue(BindFailure.excludes(at("0.0.0.0", 80), at("127.0.0.2", 80)));
        assertTrue(BindFailure.excludes(at("127.0.0.1", 80), at("::", 80)));
        assertFalse(BindFailure.excludes(at("127.0.0.1", 80), at("::", 81)));
    }
}
