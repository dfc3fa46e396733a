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

    @Test
    void namesAreHeldAgainstWhatIsDeployed() throws IOException {
        String file = file("ebpf: {interface: e, vips: [{name: a, addresses: 10.0.0.9, ports: 80, forwarding: natt, "
                + "backends: [{address: 10.0.0.1, port: 80}]}]}\n");
        System.setProperty(Check.DEPLOYED, directory.toString());
        try {
            assertEquals(0, check(file));
            assertTrue(out.toString().contains("warning: LOOM-2120 " + file + ":1:83: forwarding method natt of vip a"), out.toString());
            assertTrue(out.toString().contains("1 warning(s)"), out.toString());
            out.reset();
            System.setProperty(Check.DEPLOYED, directory.resolve("none").toString());
            assertEquals(0, check(file));
            assertTrue(out.toString().startsWith("what is deployed on this host cannot be told: no folder "), out.toString());
        } finally {
            System.clearProperty(Check.DEPLOYED);
        }
    }

    private String last() {
        return out.toString().lines().reduce((one, next) -> next).orElseThrow();
    }
}
