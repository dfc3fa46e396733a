package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.config.Admin;
import io.loom.api.config.Attachment;
import io.loom.api.config.ConfigSource;
import io.loom.api.config.Conntrack;
import io.loom.api.config.DsrSettings;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.config.NatSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** As the component runtime has it: what it follows, what it prints, and what is left when it stops. */
class AdminServiceTest {
    private static final String ANNOUNCED = "loom.ready.announced";
    private static final Pattern REST = Pattern.compile("rest http://127\\.0\\.0\\.1:(\\d+)");

    private final PrintStream out = System.out;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final List<ConfigSource.Listener> listeners = new CopyOnWriteArrayList<>();
    private final FakeControl control = new FakeControl();
    private final Appliance appliance = new Appliance();
    private final AdminProblems problems = new AdminProblems();
    private ServerSocket ssh;
    private AdminService service;

    private final ConfigSource source = new ConfigSource() {
        @Override
        public Optional<LoomConfig> current() {
            return Optional.empty();
        }

        @Override
        public List<Problem> rejected() {
            return List.of();
        }

        @Override
        public String location() {
            return "loom.yaml";
        }

        @Override
        public AutoCloseable subscribe(Listener listener) {
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }
    };

    @BeforeEach
    void start() throws IOException {
        System.clearProperty(ANNOUNCED);
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        ssh = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        service = new AdminService(source, appliance, problems);
    }

    @AfterEach
    void stop() throws Exception {
        service.stop();
        ssh.close();
        System.setOut(out);
        System.clearProperty(ANNOUNCED);
    }

    private void load(int restPort, String... names) {
        Duration time = Duration.ofMinutes(5);
        LoomConfig config = new LoomConfig(true, new Attachment(List.of(), Attachment.Mode.NATIVE, false),
                new Conntrack(true, time, time, time, time, time, time, true, time, time),
                new MapSettings(new MapSettings.Setting(1, "array"), new MapSettings.Setting(1, "lru_hash"), new MapSettings.Setting(1, "percpu_array")),
                NatSettings.DEFAULT, DsrSettings.DEFAULT, IcmpSettings.DEFAULT, List.of(), List.of(),
                new Admin(new InetSocketAddress(InetAddress.getLoopbackAddress(), restPort), (InetSocketAddress) ssh.getLocalSocketAddress(), List.of(names)),
                List.of());
        listeners.forEach(listener -> listener.accept(config));
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited too long");
            Thread.sleep(10);
        }
    }

    private String text() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private int port() throws InterruptedException {
        await(() -> REST.matcher(text()).find());
        Matcher matcher = REST.matcher(text());
        assertTrue(matcher.find());
        return Integer.parseInt(matcher.group(1));
    }

    private static String get(int port, String path, String host) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(15_000);
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static long watches() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("loom-ready")).count();
    }

    @Test
    void allOfRestIsServedWhereTheFileSaysByTheNamesThatItSays() throws Exception {
        appliance.control = control;
        load(0);
        int port = port();
        assertTrue(text().startsWith("loom ready: "), text());
        assertTrue(text().endsWith(System.lineSeparator()), "a line");
        for (String path : List.of("/healthz", "/ebpf/backends", "/ebpf/status")) {
            assertTrue(get(port, path, "localhost").startsWith("HTTP/1.1 200"), path);
        }
        assertTrue(get(port, "/ebpf/trace", "localhost").contains("the data path (bundle loom-datapath) is not running"));
        assertTrue(get(port, "/healthz", "lb7.example").startsWith("HTTP/1.1 403"));
        load(0, "lb7.example");
        assertTrue(get(port, "/healthz", "lb7.example").startsWith("HTTP/1.1 200"));
        load(0, "lb8.example");
        assertTrue(get(port, "/healthz", "lb7.example").startsWith("HTTP/1.1 403"));
        assertTrue(get(port, "/healthz", "lb8.example").startsWith("HTTP/1.1 200"));
    }

    @Test
    void theHostsOwnNameNeedsNoEntry() throws Exception {
        appliance.control = control;
        load(0);
        int port = port();
        Process uname = new ProcessBuilder("uname", "-n").start();
        String name = new String(uname.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        await(() -> {
            try {
                return get(port, "/healthz", name).startsWith("HTTP/1.1 200");
            } catch (IOException failure) {
                throw new java.io.UncheckedIOException(failure);
            }
        });
    }

    @Test
    void thatItIsReadyIsPrintedOnceAProcess() throws Exception {
        appliance.control = control;
        load(0);
        port();
        load(0);
        service.stop();
        service = new AdminService(source, appliance, problems);
        load(0);
        await(() -> watches() == 0);
        assertEquals(1, text().lines().filter(line -> line.startsWith("loom ready: ")).count(), text());
    }

    @Test
    void whatItWaitsForIsPrintedToo() throws Exception {
        control.ready = false;
        control.attachments = List.of();
        appliance.control = control;
        load(0);
        port();
        assertTrue(text().startsWith("loom waits for the first probes; rest http://127.0.0.1:"), text());
    }

    @Test
    void aPortThatIsTakenIsAProblemUntilAnotherIsWanted() throws Exception {
        assertEquals(List.of(), problems.problems());
        load(0);
        assertEquals(List.of(), problems.problems());
        load(ssh.getLocalPort());
        assertEquals(List.of("LOOM-3521"), problems.problems().stream().map(Problem::code).toList());
        load(0);
        assertEquals(List.of(), problems.problems());
    }

    @Test
    void whenItStopsNothingIsLeft() throws Exception {
        control.ready = false;
        control.attachments = List.of();
        appliance.control = control;
        load(0);
        int port = port();
        assertEquals(1, watches());
        service.stop();
        await(() -> watches() == 0);
        assertEquals(List.of(), listeners);
        assertThrows(ConnectException.class, () -> get(port, "/healthz", "localhost"));
    }
}
