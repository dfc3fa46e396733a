package io.loom.itests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command that has ended. @param output standard output and standard error, as they came */
record Command(List<String> line, int status, String output) {

    /** Runs it and waits. @throws AssertionError if it has not ended within the limit; it is killed then */
    static Command run(Duration limit, Map<String, String> environment, List<String> line) {
        try {
            Path output = Files.createTempFile("loom-it", ".out");
            try {
                Process process = start(line, environment, output);
                if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly().waitFor();
                    throw new AssertionError(line + " has not ended within " + limit + ": " + Files.readString(output));
                }
                return new Command(line, process.exitValue(), Files.readString(output));
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + line, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + line, e);
        }
    }

    private static Process start(List<String> line, Map<String, String> environment, Path output) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Its output. @throws AssertionError with the output if it failed */
    String succeeded() {
        if (status != 0) {
            throw new AssertionError(line + " ended with " + status + ": " + output);
        }
        return output;
    }
}
