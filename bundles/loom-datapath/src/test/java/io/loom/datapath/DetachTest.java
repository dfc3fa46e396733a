package io.loom.datapath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code loomd --detach} says to who names a place where there is nothing to detach. */
class DetachTest {
    private static final Path BPFFS = Path.of("/sys/fs/bpf");
    private static final Path PLACE = BPFFS.resolve("detach");

    @TempDir
    private Path elsewhere;

    private record Said(int status, String out, String err) {}

    private Said detach(Path bpffs, String instance) {
        PrintStream[] before = {System.out, System.err};
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            int status = Detach.run(List.of("--bpffs", bpffs.toString(), "--instance", instance, "--data", elsewhere.toString()));
            return new Said(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(before[0]);
            System.setErr(before[1]);
        }
    }

    @AfterEach
    void removeInstances() throws IOException {
        for (String name : List.of("loom/a%2Eb", "loom/edge", "loom", "")) {
            Files.deleteIfExists(PLACE.resolve(name));
        }
    }

    @Test
    void whereTheInstanceIsNotThoseThatAreThereAreNamed() throws IOException {
        Files.createDirectories(PLACE.resolve("loom/edge"));
        Files.createDirectories(PLACE.resolve("loom/a%2Eb"));
        assertEquals(new Said(0, "nothing of instance nope is below " + PLACE + "; instances there: a.b, edge\n", ""), detach(PLACE, "nope"));
    }

    @Test
    void whereNoInstanceIsThatIsSaid() throws IOException {
        Files.createDirectory(PLACE);
        assertEquals(new Said(0, "nothing of instance nope is below " + PLACE + "; nor is any other instance\n", ""), detach(PLACE, "nope"));
    }

    @Test
    void aPlaceThatIsNoBpffsIsAnError() {
        String fix = "; give the --bpffs that loomd was started with\n";
        assertEquals(new Said(1, "", "LOOM-1003 cannot use the bpffs " + elsewhere + ": no BPF file system is mounted there" + fix),
                detach(elsewhere, "default"));
        Path none = elsewhere.resolve("none");
        assertEquals(new Said(1, "", "LOOM-1003 cannot use the bpffs " + none + ": there is no such directory" + fix), detach(none, "default"));
    }

    /** "Cannot tell" is not "nothing". */
    @Test
    void aPlaceThatCannotBeLookedAtIsAnError() throws IOException {
        Path loop = Files.createSymbolicLink(elsewhere.resolve("loop"), Path.of("loop"));
        Said said = detach(loop, "default");
        assertEquals(1, said.status());
        assertTrue(said.err().startsWith("LOOM-5104 cannot use " + loop.resolve("loom/default")), said.err());
    }
}
