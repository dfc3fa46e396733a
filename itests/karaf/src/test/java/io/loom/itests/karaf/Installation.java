package io.loom.itests.karaf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** karaf-assembly/target/assembly, and running its programs. */
record Installation(Path home) {

    /** What a program said, standard error included, and its exit status. */
    record Outcome(int status, String output) {}

    static Installation built() {
        return new Installation(Path.of(System.getProperty("loom.root"), "karaf-assembly", "target", "assembly"));
    }

    /** The same in another place. */
    Installation copy(Path to) throws IOException, InterruptedException {
        int status = new ProcessBuilder("cp", "-a", home.toString(), to.toString()).inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException("cp ended with " + status);
        }
        return new Installation(to);
    }

    /** Starts bin/{@code program} with standard error in {@code output} too. */
    Process start(Path output, String program, String... arguments) throws IOException {
        // SIGHUP counts, whoever runs the tests: nohup has it ignored.
        List<String> line = new ArrayList<>(List.of("env", "--default-signal=HUP", home.resolve("bin").resolve(program).toString()));
        line.addAll(List.of(arguments));
        return new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    }

    /** Runs it to its end, which must come within a minute. */
    Outcome run(String program, String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile("loom", ".out");
        try {
            Process process = start(output, program, arguments);
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(program + " " + List.of(arguments) + " does not end: " + Files.readString(output));
            }
            return new Outcome(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } finally {
            Files.delete(output);
        }
    }

    /** Every file with the time of its last change: equal before and after if nothing was written. */
    TreeMap<String, String> contents() throws IOException {
        TreeMap<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(home)) {
            all.forEach(path -> files.put(path.toString(), modified(path)));
        }
        return files;
    }

    private static String modified(Path path) {
        try {
            return Files.getLastModifiedTime(path).toString();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
