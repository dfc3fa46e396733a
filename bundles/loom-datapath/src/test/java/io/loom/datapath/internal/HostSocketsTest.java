package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.control.dataplane.ListenerKey;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostSocketsTest {

    private static boolean accepts(Protocol protocol, String address, int port) throws Exception {
        ListenerKey listener = new ListenerKey(protocol, new Endpoint(IpAddress.parse(address).orElseThrow(), port));
        return HostSockets.read(EnumSet.of(protocol)).accept(listener);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.2", "::1, ::2"})
    void aServerAtOneAddressTakesThatOnesConnectionsUntilItEnds(String address, String other) throws Exception {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName(address));
        int port = server.getLocalPort();
        assertTrue(accepts(Protocol.TCP, address, port));
        assertFalse(accepts(Protocol.TCP, other, port));
        assertFalse(accepts(Protocol.UDP, address, port));
        server.close();
        assertFalse(accepts(Protocol.TCP, address, port));
    }

    @Test
    void aServerAtAllAddressesTakesEverysConnections() throws Exception {
        try (ServerSocket server = new ServerSocket(0); DatagramSocket datagrams = new DatagramSocket(0)) {
            for (String address : new String[] {"10.1.2.3", "2001:db8::3"}) {
                assertTrue(accepts(Protocol.TCP, address, server.getLocalPort()), address);
                assertTrue(accepts(Protocol.UDP, address, datagrams.getLocalPort()), address);
            }
        }
    }

    /** There may be 100,000 of them. */
    @Test
    void connectionsAreNotRead(@TempDir Path tables) throws Exception {
        Files.writeString(tables.resolve("tcp"), """
                  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
                   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 19 1
                  10: 0100000A:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 19 1
                  11: 0100000A:D431 0200000A:0050 06 00000000:00000000 03:000000D4 00000000     0        0 0 3
                  12:
                """);
        assertEquals(2, HostSockets.read(tables, EnumSet.of(Protocol.TCP)).atHome().cardinality());
    }

    @Test
    void aServerAtAllAddressesOfIpv4DoesNotTakeIpv6s() throws Exception {
        Process server = new ProcessBuilder("python3", "-c", "import socket, sys; s = socket.socket(); s.bind(('0.0.0.0', 0)); "
                + "s.listen(); print(s.getsockname()[1], flush=True); sys.stdin.read()").start();
        try {
            int port = Integer.parseInt(server.inputReader().readLine());
            assertEquals(true, accepts(Protocol.TCP, "10.1.2.3", port));
            assertEquals(false, accepts(Protocol.TCP, "2001:db8::3", port));
        } finally {
            server.destroy();
        }
    }
}
