package io.loom.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private int check(String... arguments) {
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        return Check.run(List.of(arguments), stream, stream);
    }

    private String file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("loom.yaml"), yaml).toString();
    }

    @Test
    void aGoodFileGivesStatusZeroAndItsWarnings() throws IOException {
        assertEquals(0, check(file("ebpf: {}\n")));
        assertTrue(out.toString().contains("warning: LOOM-2102"), out.toString());
    }

    @Test
    void aBadFileGivesStatusTwoAndEveryProblemOnItsLine() throws IOException {
        String file = file("ebpf: {mode: x}\nfoo: 1\n");
        assertEquals(2, check(file));
        List<String> lines = out.toString().lines().toList();
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("LOOM-2014 " + file + ":1:14: ")), lines.toString());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("LOOM-2010 " + file + ":2:1: ")), lines.toString());
    }

    @Test
    void aFileThatIsNotThereIsAProblemToo() {
        assertEquals(2, check(directory.resolve("none.yaml").toString()));
        assertTrue(out.toString().startsWith("LOOM-2001 "), out.toString());
    }

    @Test
    void aDirectoryIsNoFile() {
        assertEquals(2, check(directory.toString()));
        assertTrue(out.toString().contains("it is a directory"), out.toString());
    }

    @Test
    void withoutAFileItSaysHowToCallIt() {
        assertEquals(2, check());
        assertTrue(out.toString().startsWith("usage:"), out.toString());
    }

    @Test
    void theLastLineSaysHowItStands() throws IOException {
        String file = file("ebpf: {mode: x}\n");
        check(file);
        assertEquals(file + ": refused, 1 problem", last());
        file("ebpf: {mode: x}\nfoo: 1\n");
        check(file);
        assertEquals(file + ": refused, 2 problems", last());
        file("ebpf: {interface: e, vips: [{name: a, addresses: 10.0.0.9, ports: 80, backends: [{address: 10.0.0.1, port: 80}]}]}\n");
        assertEquals(0, check(file));
        assertEquals(file + ": good, 1 vip(s), 0 warning(s)", last());
    }

    private String last() {
        return out.toString().lines().reduce((one, next) -> next).orElseThrow();
    }
}
