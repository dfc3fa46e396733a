package io.loom.datapath.internal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs iproute2's {@code ip}. */
final class IpCommand {
    private static final long LIMIT_SECONDS = 5;

    private IpCommand() {}

    /**
     * @return what it said on standard output and error together
     * @throws IOException with what it said, if it cannot be run, fails or takes longer than 5 s
     */
    static String run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(String.join(" ", command) + " takes longer than " + LIMIT_SECONDS + " s");
            }
            String output = new String(process.getInputStream().readAllBytes()).strip();
            if (process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output);
            }
            return output;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", stop);
        } finally {
            process.destroyForcibly();
        }
    }
}
