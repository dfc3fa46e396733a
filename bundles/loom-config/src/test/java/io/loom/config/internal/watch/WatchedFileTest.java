package io.loom.config.internal.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.LoomConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchedFileTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private Path path;
    private WatchedFile watched;
    private final BlockingQueue<String> delivered = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() throws IOException {
        path = directory.resolve("loom.yaml");
        write(path, "eth0");
        watch(path);
    }

    @AfterEach
    void stop() {
        watched.close();
    }

    private void watch(Path file) {
        watched = new WatchedFile(new ConfigFile(file));
        watched.start();
        watched.subscribe(config -> delivered.add(device(config)));
    }

    private static void write(Path file, String device) throws IOException {
        Files.writeString(file, "ebpf: {interface: " + device + "}\n");
    }

    private static String device(LoomConfig config) {
        return config.attachment().interfaces().get(0);
    }

    private String next() throws InterruptedException {
        return delivered.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        Instant end = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            assertTrue(Instant.now().isBefore(end), "nothing happened in " + PATIENCE);
            Thread.sleep(20);
        }
    }

    @Test
    void aSubscriberGetsTheCurrentSnapshotAndEveryNewOne() throws Exception {
        assertEquals("eth0", next());
        write(path, "eth1");
        assertEquals("eth1", next());
        assertEquals("eth1", device(watched.current().orElseThrow()));
    }

    @Test
    void aFileRenamedIntoPlaceIsRead() throws Exception {
        assertEquals("eth0", next());
        Path other = directory.resolve("new");
        write(other, "eth1");
        Files.move(other, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        assertEquals("eth1", next());
    }

    /** As Kubernetes updates a mounted ConfigMap: the file is a link into a directory that is a link itself. */
    @Test
    void aMountedConfigMapIsFollowed() throws Exception {
        assertEquals("eth0", next());
        watched.close();
        Path first = Files.createDirectory(directory.resolve("..1"));
        Path second = Files.createDirectory(directory.resolve("..2"));
        write(first.resolve("loom.yaml"), "eth2");
        write(second.resolve("loom.yaml"), "eth3");
        Path data = Files.createSymbolicLink(directory.resolve("..data"), first.getFileName());
        Path mounted = Files.createSymbolicLink(directory.resolve("mounted.yaml"), Path.of("..data", "loom.yaml"));
        watch(mounted);
        assertEquals("eth2", next());
        Path swap = Files.createSymbolicLink(directory.resolve("..data_tmp"), second.getFileName());
        Files.move(swap, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        assertEquals("eth3", next());
    }

    /** No event of the watched directory tells of this one: only reading does. */
    @Test
    void aChangeBehindASymlinkElsewhereIsFound() throws Exception {
        assertEquals("eth0", next());
        watched.close();
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere")).resolve("real.yaml");
        write(elsewhere, "eth4");
        watch(Files.createSymbolicLink(directory.resolve("link.yaml"), elsewhere));
        assertEquals("eth4", next());
        write(elsewhere, "eth5");
        assertEquals("eth5", next());
    }

    @Test
    void aBadEditKeepsTheLastGoodVersionAndItsRepairClearsTheProblems() throws Exception {
        assertEquals("eth0", next());
        Files.writeString(path, "ebpf: {interfaec: eth9}\n");
        await(() -> !watched.rejected().isEmpty());
        assertEquals("LOOM-2010", watched.rejected().get(0).code());
        assertEquals("eth0", device(watched.current().orElseThrow()));
        assertNull(delivered.poll(300, TimeUnit.MILLISECONDS));
        write(path, "eth0");
        assertEquals("eth0", next());
        await(() -> watched.rejected().isEmpty());
    }

    @Test
    void aDeletedFileKeepsWhatIsInForce() throws Exception {
        assertEquals("eth0", next());
        Files.delete(path);
        await(() -> !watched.rejected().isEmpty());
        assertEquals("LOOM-2116", watched.rejected().get(0).code());
        assertEquals("eth0", device(watched.current().orElseThrow()));
        write(path, "eth1");
        assertEquals("eth1", next());
        assertTrue(watched.rejected().isEmpty());
    }

    @Test
    void aFailingSubscriberDoesNotKeepTheSnapshotFromOthers() throws Exception {
        assertEquals("eth0", next());
        watched.subscribe(config -> {
            throw new IllegalStateException("on purpose");
        });
        BlockingQueue<String> others = new LinkedBlockingQueue<>();
        watched.subscribe(config -> others.add(device(config)));
        write(path, "eth1");
        assertEquals("eth1", next());
        assertEquals("eth0", others.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        assertEquals("eth1", others.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    }

    @Test
    void aClosedSubscriptionGetsNothingMore() throws Exception {
        assertEquals("eth0", next());
        BlockingQueue<String> others = new LinkedBlockingQueue<>();
        AutoCloseable subscription = watched.subscribe(config -> others.add(device(config)));
        assertEquals("eth0", others.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        subscription.close();
        write(path, "eth1");
        assertEquals("eth1", next());
        assertNull(others.poll(200, TimeUnit.MILLISECONDS));
    }

    @Test
    void aListThatTheFileNamesIsReadAgainWhenItChanges() throws Exception {
        assertEquals("eth0", next());
        Path list = Files.writeString(directory.resolve("list"), "deny 10.0.0.0/8\n");
        Files.writeString(path, "ebpf: {interface: eth1, acl: {file: " + list + "}}\n");
        assertEquals("eth1", next());
        assertEquals(1, watched.current().orElseThrow().acl().rules().size());
        Files.writeString(list, "deny 10.0.0.0/8\ndeny 11.0.0.0/8\n");
        assertEquals("eth1", next());
        assertEquals(2, watched.current().orElseThrow().acl().rules().size());
        Files.delete(list);
        await(() -> !watched.rejected().isEmpty());
        assertEquals(2, watched.current().orElseThrow().acl().rules().size(), "the last good version stays in force");
    }

    /** What the log says meanwhile. */
    private static String logOf(Scenario scenario) throws Exception {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            scenario.play(log);
            return log.toString(StandardCharsets.UTF_8);
        } finally {
            System.setErr(before);
        }
    }

    private interface Scenario {
        void play(ByteArrayOutputStream log) throws Exception;
    }

    private static void awaitIn(ByteArrayOutputStream log, String text) throws InterruptedException {
        await(() -> log.toString(StandardCharsets.UTF_8).contains(text));
    }

    @Test
    void aRefusedVersionThatIsReadAgainIsNotToldAgain() throws Exception {
        assertEquals("eth0", next());
        String said = logOf(log -> {
            Files.writeString(path, "ebpf: {interfaec: eth9}\n");
            awaitIn(log, "is refused; the last good version stays in force");
            watched.reread();
            awaitIn(log, "is still refused, for the same reasons; the last good version stays in force");
            Files.writeString(path, "ebpf: {interface: eth9, nonsense: 1}\n");
            awaitIn(log, "nonsense");
        });
        assertEquals(1, said.lines().filter(line -> line.contains("interfaec")).count(), said);
    }

    /** Whoever sends SIGHUP gets an answer all the same, and no second copy of the warnings. */
    @Test
    void aGoodVersionThatIsReadAgainIsSaidToBeTheSame() throws Exception {
        assertEquals("eth0", next());
        String said = logOf(log -> {
            Files.writeString(path, "ebpf: {interface: []}\n");
            awaitIn(log, "changed and is in force");
            awaitIn(log, "LOOM-2102");
            watched.reread();
            awaitIn(log, "says the same, and is in force");
        });
        assertEquals(1, said.lines().filter(line -> line.contains("LOOM-2102")).count(), said);
    }
}
