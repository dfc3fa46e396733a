package io.loom.itests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A command that runs while a test goes on, until it is told to stop. */
final class Background {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    private final List<String> line;
    private final Path output;
    private final Process process;

    private Background(List<String> line, Path output, Process process) {
        this.line = line;
        this.output = output;
        this.process = process;
    }

    static Background start(List<String> line) {
        try {
            Path output = Files.createTempFile("loom-it", ".out");
            Process process = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile()).start();
            return new Background(line, output, process);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + line, e);
        }
    }

    boolean running() {
        return process.isAlive();
    }

    /** Whatever it does. */
    void stop() {
        process.destroyForcibly();
    }

    /** By SIGINT, as Ctrl-C does. @return its output */
    String interrupt() {
        Command.run(LIMIT, Map.of(), List.of("kill", "-INT", "" + process.pid())).succeeded();
        return end();
    }

    /** By closing its standard input. @return its output */
    String closeInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return end();
    }

    /** By itself. @return its output */
    String end() {
        try {
            if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError(line + " does not stop: " + Files.readString(output));
            }
            String text = Files.readString(output);
            Files.delete(output);
            return new Command(line, process.exitValue(), text).succeeded();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
