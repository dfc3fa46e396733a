package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nobody has edited a committed table by hand, or its source without writing it anew; and what is explained of mutants is said of
 * lines that are there. Needs scapy, which loom setup installs.
 */
class GeneratorIT {
    private static final Path SOURCES = Path.of(System.getProperty("loom.bpf"), "test");

    @Test
    void theCommittedTablesAreWhatScapyMakesOfTheirSources(@TempDir Path fresh) throws IOException, InterruptedException {
        python("packets.py", fresh.toString());
        assertEquals(names(SOURCES.resolve("packets")), names(fresh));
        for (String name : names(fresh)) {
            assertEquals(-1, Files.mismatch(SOURCES.resolve("packets").resolve(name), fresh.resolve(name)),
                    name + " differs: run bpf-objects/test/packets.py");
        }
    }

    @Test
    void everyExplainedMutantIsOfALineThatIsThere() throws IOException, InterruptedException {
        python("mutation.py", "--check");
    }

    /** What the script says stands in the failure. */
    private static void python(String script, String argument) throws IOException, InterruptedException {
        Path said = Files.createTempFile("generator", ".log");
        try {
            Process process = new ProcessBuilder("/usr/bin/python3", "-B", SOURCES.resolve(script).toString(), argument)
                    .redirectErrorStream(true).redirectOutput(said.toFile()).start();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> script + " takes longer than a minute");
            assertEquals(0, process.exitValue(), Files.readString(said));
        } finally {
            Files.delete(said);
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
