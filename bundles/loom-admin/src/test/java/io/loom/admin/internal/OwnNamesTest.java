package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** With a host and a DNS of the test's own. */
class OwnNamesTest {
    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong clock = new AtomicLong(-5 * SECOND);
    private final AtomicInteger looks = new AtomicInteger();
    private final Map<String, String> reverse = new HashMap<>();
    private volatile String name = "LB1";
    private volatile String canonical = "lb1.example.com";
    private volatile boolean hostsMissing;
    private volatile CountDownLatch dns = new CountDownLatch(0);

    private final NameSources sources = new NameSources() {
        @Override
        public String hostName() {
            looks.incrementAndGet();
            return name;
        }

        @Override
        public byte[] hosts() throws IOException {
            if (hostsMissing) {
                throw new IOException("no such file");
            }
            return "10.0.0.5 lb-admin\n127.0.0.1 loop\n10.9.9.9 other\n".getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public Set<InetAddress> addresses() {
            return Set.of(address("10.0.0.5"), address("10.0.0.6"), address("127.0.0.1"), address("fe80::1"), address("2001:db8::1"));
        }

        @Override
        public String canonical() throws UnknownHostException {
            try {
                dns.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
            if (canonical.isEmpty()) {
                throw new UnknownHostException("no address of " + name);
            }
            return canonical;
        }

        @Override
        public String nameOf(InetAddress address) {
            return reverse.getOrDefault(IpAddress.format(address), IpAddress.format(address));
        }
    };

    private static InetAddress address(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 20 * SECOND;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited too long");
            Thread.sleep(5);
        }
    }

    private static boolean looksNow() {
        return Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().equals("loom-own-names"));
    }

    private OwnNames looked() throws InterruptedException {
        OwnNames own = new OwnNames(sources, clock::get);
        await(() -> !looksNow());
        return own;
    }

    @Test
    void namesOfTheHostItsFileAndDnsAreKnown() throws Exception {
        reverse.putAll(Map.of("10.0.0.5", "Five.example.com", "2001:db8::1", "six.example.com", "127.0.0.1", "loopback.example", "fe80::1", "link.example"));
        OwnNames own = looked();
        for (String known : Set.of("lb1", "lb1.", "lb-admin", "loop", "lb1.example.com", "five.example.com", "six.example.com")) {
            assertTrue(own.test(known), known);
        }
        for (String unknown : Set.of("other", "loopback.example", "link.example", "10.0.0.6", "10.0.0.5", "", ".", "lb", "b1")) {
            assertFalse(own.test(unknown), unknown);
        }
    }

    @Test
    void whatNeedsNoDnsIsKnownWhileThatIsSilent() throws Exception {
        dns = new CountDownLatch(1);
        OwnNames own = new OwnNames(sources, clock::get);
        await(() -> own.test("lb1"));
        assertTrue(own.test("lb-admin"));
        assertFalse(own.test("lb1.example.com"));
        assertTrue(Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("loom-own-names")).allMatch(Thread::isDaemon));
        clock.addAndGet(11 * SECOND);
        assertFalse(own.test("evil.example"));
        assertEquals(1, looks.get(), "it looks already");
        dns.countDown();
        await(() -> own.test("lb1.example.com"));
    }

    @Test
    void aNameThatIsNotKnownIsLookedForAgainAfterTenSecondsAndNotBefore() throws Exception {
        OwnNames own = looked();
        name = "lb2";
        canonical = "lb2.example.com";
        clock.addAndGet(10 * SECOND);
        assertFalse(own.test("lb2"));
        assertEquals(1, looks.get());
        clock.addAndGet(1);
        assertTrue(own.test("lb1"), "whoever is known costs nothing");
        assertEquals(1, looks.get());
        assertFalse(own.test("lb2"));
        await(() -> own.test("lb2.example.com"));
        await(() -> !looksNow());
        assertTrue(own.test("lb2"));
        assertFalse(own.test("lb1"), "it is called so no more");
        assertEquals(2, looks.get());
        clock.addAndGet(10 * SECOND);
        assertFalse(own.test("lb1"));
        assertEquals(2, looks.get(), "ten seconds from the last time");
    }

    @Test
    void whatCannotBeReadOrFoundLeavesTheRest() throws Exception {
        hostsMissing = true;
        canonical = "";
        reverse.put("10.0.0.5", "five.example.com");
        OwnNames own = looked();
        assertTrue(own.test("lb1"));
        assertTrue(own.test("five.example.com"));
        assertFalse(own.test("lb-admin"));
    }
}
