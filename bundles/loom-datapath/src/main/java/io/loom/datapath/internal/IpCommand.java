package io.loom.datapath.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs iproute2's {@code ip}. */
final class IpCommand {
    private static final long LIMIT_SECONDS = 5;
    /** Commands of one process: so few that neither they nor what is said of them fill a pipe, which nobody reads meanwhile. */
    private static final int BATCH = 250;

    private IpCommand() {}

    /**
     * @return what it said on standard output and error together
     * @throws IOException with what it said, if it cannot be run, fails or takes longer than 5 s
     */
    static String run(String... arguments) throws IOException {
        return run("", List.of(arguments));
    }

    /**
     * Many commands in few processes; what follows one that fails is done all the same.
     *
     * @throws IOException with what was said first, if one of them fails
     */
    static void batch(List<String> commands) throws IOException {
        Optional<IOException> failed = Optional.empty();
        for (int from = 0; from < commands.size(); from += BATCH) {
            List<String> some = commands.subList(from, Math.min(from + BATCH, commands.size()));
            try {
                run(String.join("\n", some) + "\n", List.of("-force", "-batch", "-"));
            } catch (IOException failure) {
                failed = failed.or(() -> Optional.of(failure));
            }
        }
        if (failed.isPresent()) {
            throw failed.get();
        }
    }

    private static String run(String input, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.US_ASCII));
            }
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
