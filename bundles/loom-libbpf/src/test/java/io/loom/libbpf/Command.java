package io.loom.libbpf;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Runs a command of the host, and fails the test if it fails. */
final class Command {
    private Command() {
    }

    static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError(String.join(" ", command) + ": " + output);
        }
    }
}
