package io.loom.libbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelFileTest {
    private static final Pattern READING = Pattern.compile("Files\\.(read(String|AllBytes|AllLines)|lines|newBufferedReader)\\(");

    /** Such a file has size 0 and answers only a read at its beginning: {@code Files.readString} gives one byte of it. */
    @Test
    void aSettingIsReadWhole() throws Exception {
        Path range = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
        Process sysctl = new ProcessBuilder("cat", range.toString()).start();
        String expected = new String(sysctl.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(expected, KernelFile.read(range));
        assertEquals(2, KernelFile.read(range).split("\\s+").length);
    }

    @Test
    void aTableThatTheKernelGivesOutInPartsIsReadToItsEnd(@TempDir Path directory) throws IOException {
        // Of the kernel itself: those of modules and BPF programs, in brackets, come and go meanwhile.
        List<String> symbols = KernelFile.lines(Path.of("/proc/kallsyms")).stream().filter(symbol -> !symbol.contains("[")).toList();
        try (Stream<String> lines = Files.lines(Path.of("/proc/kallsyms"))) {
            assertEquals(lines.filter(symbol -> !symbol.contains("[")).count(), symbols.size());
        }
        assertTrue(symbols.size() > 10_000, () -> symbols.size() + " lines");
        Path empty = Files.createFile(directory.resolve("empty"));
        assertEquals("", KernelFile.read(empty));
    }

    /** What else these bundles read is no file of the kernel's. */
    @Test
    void nothingElseReadsProcAndSys() throws IOException {
        List<String> others = List.of("KernelFile.java", "ObjectLinker.java", "InstanceLock.java", "NameSources.java");
        for (String bundle : List.of("loom-libbpf", "loom-datapath")) {
            try (Stream<Path> files = Files.walk(Path.of("..", bundle, "src/main/java"))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    boolean allowed = others.contains(file.getFileName().toString()) || !READING.matcher(Files.readString(file)).find();
                    assertTrue(allowed, () -> file + " reads without KernelFile");
                }
            }
        }
        try (Stream<Path> files = Files.walk(Path.of(".."), 12)) {
            for (Path file : files.filter(path -> path.toString().contains("src/main/java") && path.toString().endsWith(".java")).toList()) {
                String text = Files.readString(file);
                boolean reads = (text.contains("\"/proc/") || text.contains("\"/sys/")) && READING.matcher(text).find();
                assertTrue(!reads || others.contains(file.getFileName().toString()), () -> file + " reads /proc or /sys without KernelFile");
            }
        }
    }
}
