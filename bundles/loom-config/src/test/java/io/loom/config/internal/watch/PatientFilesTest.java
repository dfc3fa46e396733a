package io.loom.config.internal.watch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.LoomConfig;
import io.loom.config.internal.model.Reading;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are no files, or do not answer, in each place where the configuration names one. */
@Timeout(120)
class PatientFilesTest {
    private static final long SILENCE = 300;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private WatchedFile watched;

    @AfterEach
    void stop() {
        if (watched != null) {
            watched.close();
        }
    }

    private Path pipe(String name) throws Exception {
        Path pipe = directory.resolve(name);
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        return pipe;
    }

    private String refusal(Path file) {
        return assertThrows(IOException.class, () -> new PatientFiles(SILENCE).read(file, 1000)).getMessage();
    }

    @Test
    void whatIsNoFileIsNotOpened() throws Exception {
        assertEquals("it is a named pipe, not a regular file", refusal(pipe("pipe")));
        assertEquals("it is a directory, not a regular file", refusal(directory));
        assertEquals("it is a character device, not a regular file", refusal(Path.of("/dev/zero")));
        Path socket = directory.resolve("socket");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            assertEquals("it is a socket, not a regular file", refusal(socket));
        }
        Path loop = Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
        assertTrue(refusal(loop).contains("loop"), refusal(loop));
        assertTrue(refusal(directory.resolve("absent")).contains("absent"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("pipe"));
        assertEquals("it is a named pipe, not a regular file", refusal(link));
    }

    @Test
    void ofAHugeFileNoMoreThanTheLimitIsRead() throws Exception {
        Path huge = directory.resolve("huge");
        try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(64L << 30);
        }
        assertEquals(1001, new PatientFiles(20_000).read(huge, 1000).length);
        Files.writeString(huge, "x".repeat(200_000));
        assertEquals(200_000, new PatientFiles(20_000).read(huge, 1_000_000).length);
        Files.writeString(huge, "");
        assertEquals(0, new PatientFiles(20_000).read(huge, 1000).length);
    }

    /** At the bounds of a piece, of the limit, and of a file that has another size than it says. */
    @ParameterizedTest
    @ValueSource(ints = {1, 65_535, 65_536, 65_537, 299_999, 300_000, 300_001})
    void allOfAFileIsReadWhateverItsSize(int size) throws Exception {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        Path file = Files.write(directory.resolve("some"), content);
        assertArrayEquals(content, new PatientFiles(20_000).read(file, 300_000));
        assertEquals(300_001, new PatientFiles(20_000).read(Path.of("/proc/kallsyms"), 300_000).length);
        assertEquals(size + 1, new PatientFiles(20_000).read(Path.of("/proc/kallsyms"), size).length);
    }

    /** The kernel's log is a regular file that waits for the next message: as near to a mount that hangs as a test can come. */
    @Test
    void aFileThatDoesNotAnswerIsGivenUpAndAskedAgainLater() throws Exception {
        Path silent = Path.of("/proc/kmsg");
        assertTrue(Files.isRegularFile(silent) && Files.isReadable(silent), "this test needs root");
        PatientFiles files = new PatientFiles(SILENCE);
        int before = readers();
        long begun = System.nanoTime();
        IOException first = assertThrows(IOException.class, () -> readOn(files, silent));
        assertTrue(first.getMessage().contains("does not answer"), first.getMessage());
        assertTrue(System.nanoTime() - begun >= SILENCE * 1_000_000, "it was given its time");
        long again = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            assertThrows(IOException.class, () -> files.read(silent, 1 << 20));
        }
        assertTrue(System.nanoTime() - again < 20_000_000_000L, "nobody waits each time");
        assertTrue(readers() - before <= 3, "nor does a thread each time");
        assertEquals(4, files.read(Files.writeString(directory.resolve("other"), "good"), 1000).length, "others are read");
    }

    /** Until it has nothing more to give. */
    private static void readOn(PatientFiles files, Path silent) throws IOException {
        files.read(silent, 1 << 30);
    }

    private static int readers() {
        return (int) Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("loom-config-read")).count();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, what);
            Thread.sleep(20);
        }
    }

    private void watch(Path file) {
        watched = new WatchedFile(new ConfigFile(file, new ThisHost(), SILENCE));
        watched.start();
    }

    private String device() {
        return watched.current().map(LoomConfig::attachment).map(attachment -> attachment.interfaces().get(0)).orElse("");
    }

    private String problems() {
        return watched.rejected().toString();
    }

    private static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aPipeInThePlaceOfTheFileIsAProblemUntilAFileIsBack() throws Exception {
        Path file = Files.writeString(directory.resolve("loom.yaml"), "ebpf: {interface: eth0}\n");
        watch(file);
        rename(pipe("pipe"), file);
        await("the pipe is told of", () -> problems().contains("it is a named pipe, not a regular file"));
        assertEquals("eth0", device(), "the last good version stays");
        Files.delete(file);
        Files.createDirectory(file);
        await("and what comes after it", () -> problems().contains("it is a directory, not a regular file"));
        Files.delete(file);
        Files.writeString(directory.resolve("next"), "ebpf: {interface: eth1}\n");
        rename(directory.resolve("next"), file);
        await("a good file is taken", () -> device().equals("eth1"));
        await("no problem", () -> problems().equals("[]"));
    }

    @Test
    void aPipeInThePlaceOfAListOrAProgramStopsNothing() throws Exception {
        Path list = Files.writeString(directory.resolve("list"), "deny 192.0.2.0/24\n");
        Path object = Files.writeString(directory.resolve("object.o"), "an object");
        String text = "ebpf: {interface: %s, acl: {file: " + list + "}, xdp: {programs: [{name: own, path: " + object + "}]}}\n";
        Path file = Files.writeString(directory.resolve("loom.yaml"), text.formatted("eth0"));
        watch(file);
        await("no problem", () -> problems().equals("[]"));
        for (Path named : new Path[] {list, object}) {
            byte[] good = Files.readAllBytes(named);
            rename(pipe("pipe"), named);
            await("the pipe is told of", () -> problems().contains("it is a named pipe, not a regular file"));
            Files.writeString(file, text.formatted("eth1"));
            await("the place is in the file as it is now", () -> problems().contains("LOOM-20"));
            assertEquals("eth0", device());
            rename(Files.write(directory.resolve("good"), good), named);
            await("a file again, and the file with it", () -> device().equals("eth1"));
            await("no problem", () -> problems().equals("[]"));
            Files.writeString(file, text.formatted("eth0"));
            await("the first one", () -> device().equals("eth0"));
        }
    }

    /** As {@code loomd --check} and the first start read. */
    @Test
    void aFirstReadingEndsToo() throws Exception {
        Reading reading = new ConfigFile(pipe("loom.yaml"), new ThisHost(), SILENCE).read();
        assertFalse(reading.config().isPresent());
        assertTrue(reading.problems().toString().contains("LOOM-2001"), reading.problems().toString());
        Path file = Files.writeString(directory.resolve("with.yaml"), "ebpf: {acl: {file: " + pipe("list") + "}}\n");
        Reading other = new ConfigFile(file, new ThisHost(), SILENCE).read();
        assertTrue(other.problems().toString().contains("LOOM-2030"), other.problems().toString());
        assertTrue(other.problems().toString().contains("named pipe"), other.problems().toString());
    }

    @Test
    void aRereadingTakesAFileThatLooksTheSame() throws Exception {
        Path file = Files.writeString(directory.resolve("loom.yaml"), "ebpf: {interface: eth0}\n");
        watch(file);
        java.util.concurrent.BlockingQueue<LoomConfig> delivered = new java.util.concurrent.LinkedBlockingQueue<>();
        watched.subscribe(delivered::add);
        assertTrue(delivered.poll(30, java.util.concurrent.TimeUnit.SECONDS) != null);
        watched.reread();
        assertTrue(delivered.poll(30, java.util.concurrent.TimeUnit.SECONDS) != null);
    }
}
