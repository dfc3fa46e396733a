package io.loom.config.internal.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigComponentTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CompletableFuture<Integer> status = new CompletableFuture<>();

    private ConfigComponent component(String path) {
        return new ConfigComponent(path, new Refusal(new PrintStream(err, true, StandardCharsets.UTF_8), status::complete));
    }

    private int status() throws Exception {
        return status.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aGoodFileIsServed() throws IOException {
        Path file = Files.writeString(directory.resolve("loom.yaml"), "ebpf: {interface: eth0}\n");
        ConfigComponent component = component(file.toString());
        assertTrue(component.current().isPresent());
        assertEquals(file.toString(), component.location());
        assertEquals(List.of(), component.rejected());
        component.deactivate();
        assertTrue(!status.isDone());
    }

    @Test
    void aRefusedFirstFileIsPrintedAndEndsTheProcess() throws Exception {
        Path file = Files.writeString(directory.resolve("loom.yaml"), "ebpf: {mode: x}\nfoo: 1\n");
        ConfigComponent component = component(file.toString());
        assertEquals(2, status());
        List<String> lines = err.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(List.of("LOOM-2014", "LOOM-2010"), lines.stream().map(line -> line.substring(0, 9)).toList());
        assertEquals(2, component.rejected().size());
        component.deactivate();
    }

    @Test
    void withoutThePropertyTheProcessEnds() throws Exception {
        component(null);
        assertEquals(2, status());
        assertTrue(err.toString(StandardCharsets.UTF_8).startsWith("LOOM-2007 "), err.toString(StandardCharsets.UTF_8));
    }

    /** Those that were not there before: other tests leave some for a while, which wait for what never comes. */
    private static List<String> threads(Set<Thread> before) {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("loom-config") && !before.contains(thread))
                .map(thread -> thread.getName() + (thread.isDaemon() ? "" : " which keeps the process alive")).sorted().toList();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited too long");
            Thread.sleep(10);
        }
    }

    @Test
    void theFileIsFollowedUntilTheEnd() throws Exception {
        Set<Thread> before = Set.copyOf(Thread.getAllStackTraces().keySet());
        Path file = Files.writeString(directory.resolve("loom.yaml"), "ebpf: {interface: eth0}\n");
        ConfigComponent component = component(file.toString());
        await(() -> threads(before).equals(List.of("loom-config", "loom-config-events")));
        Files.writeString(file, "ebpf: {interface: eth1}\n");
        await(() -> component.current().orElseThrow().attachment().interfaces().equals(List.of("eth1")));
        component.deactivate();
        await(() -> threads(before).isEmpty());
    }
}
