package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RestServiceTest {
    private final List<LoomException> failures = new ArrayList<>();
    private final RestService service = new RestService(new Router(List.of()), new RestServer.Manners(name -> false), failures::add);

    @AfterEach
    void stop() {
        service.close();
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void connect(int port) throws IOException {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
    }

    @Test
    void aBusyPortAtTheStartIsReportedWithWhatToDo() throws Exception {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service.listen(loopback(busy.getLocalPort()));
            assertEquals(1, failures.size());
            String message = failures.get(0).getMessage();
            assertTrue(message.startsWith("LOOM-3521 cannot listen on 127.0.0.1:" + busy.getLocalPort()), message);
            assertTrue(message.contains("Address already in use"), message);
            assertTrue(message.contains("admin.rest"), message);
            assertTrue(service.address().isEmpty());
        }
    }

    @Test
    void anAddressOfAnotherHostIsNotSaidToBeInUse() throws Exception {
        service.listen(new InetSocketAddress(InetAddress.getByName("192.0.2.77"), 9091));
        assertEquals("LOOM-3521 cannot listen on 192.0.2.77:9091 for REST: 192.0.2.77 is no address of this host; "
                + "put it on an interface, or set admin.rest to one that is (ip address)", failures.get(0).getMessage());
    }

    /** Of one port, such as the default: nobody has to go for an attempt that cannot succeed, again and again. */
    @Test
    void whoIsConnectedStaysWhileAnAddressOfAnotherHostIsTried() throws Exception {
        int port = freePort();
        service.listen(loopback(port));
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
            service.listen(new InetSocketAddress(InetAddress.getByName("192.0.2.77"), port));
            assertEquals(1, service.problems().size());
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            client.setSoTimeout(20_000);
            assertEquals('H', client.getInputStream().read());
        }
    }

    @Test
    void aChangedAddressIsFollowed() throws Exception {
        service.listen(loopback(0));
        int before = service.address().orElseThrow().getPort();
        int after = freePort();
        service.listen(loopback(after));
        connect(after);
        assertThrows(ConnectException.class, () -> connect(before));
    }

    /** What is bound, and not only what it says that it is. */
    @Test
    void itListensOnThatAddressAlone() throws Exception {
        InetAddress second = InetAddress.getByName("127.0.0.2");
        service.listen(new InetSocketAddress(second, 0));
        InetSocketAddress bound = service.address().orElseThrow();
        assertEquals(second, bound.getAddress());
        assertNotEquals(0, bound.getPort());
        new Socket(second, bound.getPort()).close();
        assertThrows(ConnectException.class, () -> connect(bound.getPort()));

        InetAddress six = InetAddress.getByName("::1");
        service.listen(new InetSocketAddress(six, 0));
        InetSocketAddress next = service.address().orElseThrow();
        assertEquals(six, next.getAddress());
        new Socket(six, next.getPort()).close();
        assertThrows(ConnectException.class, () -> connect(next.getPort()));
        assertThrows(ConnectException.class, () -> new Socket(second, bound.getPort()).close());

        InetAddress all = InetAddress.getByName("0.0.0.0");
        service.listen(new InetSocketAddress(all, 0));
        InetSocketAddress everywhere = service.address().orElseThrow();
        assertEquals(all, everywhere.getAddress());
        connect(everywhere.getPort());
        new Socket(second, everywhere.getPort()).close();
        service.close();
        assertTrue(service.address().isEmpty());
        assertThrows(ConnectException.class, () -> connect(everywhere.getPort()));
    }

    @Test
    void theSameAddressAgainChangesNothing() throws Exception {
        service.listen(loopback(0));
        InetSocketAddress before = service.address().orElseThrow();
        service.listen(loopback(0));
        assertEquals(before, service.address().orElseThrow());
    }

    @Test
    void fromLoopbackToAllAddressesOfOnePort() throws Exception {
        int port = freePort();
        service.listen(loopback(port));
        service.listen(new InetSocketAddress(InetAddress.getByName("0.0.0.0"), port));
        connect(port);
        assertTrue(service.address().orElseThrow().getAddress().isAnyLocalAddress());
        assertEquals(List.of(), failures);
    }

    @Test
    void aBusyNewAddressIsAProblemUntilItIsFreeAndThenTaken() throws Exception {
        service.listen(loopback(0));
        int old = service.address().orElseThrow().getPort();
        assertEquals(List.of(), service.problems());
        int port;
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = busy.getLocalPort();
            service.listen(loopback(port));
            String problem = service.problems().get(0).toString();
            assertTrue(problem.startsWith("LOOM-3521 cannot listen on 127.0.0.1:" + port), problem);
            assertTrue(problem.contains("REST stays on 127.0.0.1:" + old), problem);
            connect(old);
            assertTrue(Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("loom-rest-retry")).allMatch(Thread::isDaemon));
        }
        awaitNoProblem();
        assertEquals(port, service.address().orElseThrow().getPort());
        connect(port);
        assertThrows(ConnectException.class, () -> connect(old));
    }

    @Test
    void theOldAddressAgainEndsTheProblemAndTheAttempts() throws Exception {
        int old = freePort();
        service.listen(loopback(old));
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            service.listen(loopback(busy.getLocalPort()));
            assertEquals(1, service.problems().size());
            service.listen(loopback(old));
            assertEquals(List.of(), service.problems());
        }
        Thread.sleep(1_500);
        assertEquals(old, service.address().orElseThrow().getPort(), "the address that is wanted no more is not taken later");
    }

    /** The wildcard cannot be had while another process has the port on another address. */
    @Test
    void anAddressThatExcludesTheOldOneIsTriedAgainToo() throws Exception {
        int port = freePort();
        service.listen(loopback(port));
        InetSocketAddress all = new InetSocketAddress(InetAddress.getByName("0.0.0.0"), port);
        try (ServerSocket busy = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.2"))) {
            service.listen(all);
            assertEquals(1, service.problems().size());
            connect(port);
        }
        awaitNoProblem();
        assertTrue(service.address().orElseThrow().getAddress().isAnyLocalAddress());
    }

    private void awaitNoProblem() throws InterruptedException {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!service.problems().isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        assertEquals(List.of(), service.problems());
    }

    @Test
    void aBusyNewAddressLeavesRestWhereItWas() throws Exception {
        int port = freePort();
        service.listen(loopback(port));
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertNotEquals(port, busy.getLocalPort());
            service.listen(loopback(busy.getLocalPort()));
            assertEquals(port, service.address().orElseThrow().getPort());
            connect(port);
            assertEquals(List.of(), failures, "a bad edit does not end the process");
        }
    }
}
