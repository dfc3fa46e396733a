package io.loom.itests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The appliance in the balancer of a lab: an installation of its own (a copy of the assembly), started and stopped at will. */
final class Loomd implements AutoCloseable {
    static final Duration READY_LIMIT = Duration.ofSeconds(60);
    static final String INSTANCE = "it";
    private static final String READY = "loom ready";

    private final Lab lab;
    private final Path home;
    private final Path config;
    private final Path data;
    private final Path log;
    private final List<String> guise;
    private final Path bpffs;
    private final String host;
    private final String instance;
    private Process process;

    Loomd(Lab lab) {
        this(lab, List.of(), lab.bpffs());
    }

    /**
     * @param guise a command that runs another one with fewer privileges; empty: as root
     * @param bpffs directory for pins that it may write
     */
    Loomd(Lab lab, List<String> guise, Path bpffs) {
        this(lab, "balancer", INSTANCE, lab.run(), guise, bpffs);
    }

    /** Another one, on another host. It keeps all that it has in a folder of its own. */
    static Loomd standby(Lab lab, String host) throws IOException {
        return new Loomd(lab, host, "standby", Files.createDirectories(lab.run().resolve("standby")), List.of(), lab.bpffs());
    }

    private Loomd(Lab lab, String host, String instance, Path folder, List<String> guise, Path bpffs) {
        this.instance = instance;
        this.guise = List.copyOf(guise);
        this.bpffs = bpffs;
        this.lab = lab;
        this.host = host;
        this.home = folder.resolve("loom");
        this.config = folder.resolve("loom.yaml");
        this.data = folder.resolve("data");
        this.log = folder.resolve("loomd.log");
        Path assembly = Lab.ROOT.resolve("karaf-assembly/target/assembly");
        if (!Files.exists(home)) {
            Command.run(Duration.ofSeconds(60), Map.of(), List.of("cp", "-a", assembly.toString(), home.toString())).succeeded();
        }
    }

    /** Writes the configuration as an editor does: a new file renamed over the old one. */
    void configure(String yaml) {
        try {
            Path next = Files.writeString(config.resolveSibling("loom.yaml.new"), yaml);
            Files.move(next, config, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it and waits until it says that it is ready. @return how long that took */
    Duration start() {
        long start = System.nanoTime();
        launch();
        Await.until("loomd is ready", READY_LIMIT, () -> ready() || !process.isAlive(), this::log);
        if (!process.isAlive()) {
            throw new AssertionError("loomd ended with " + process.exitValue() + ": " + log());
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** Starts it and waits for its end, as with a configuration that is no good. */
    Command runToEnd() {
        return Command.run(READY_LIMIT, Map.of(), line());
    }

    /** Starts it, waits until its log has a line with that text, and ends it. @return the line */
    String logUntil(String text, Duration limit) {
        launch();
        try {
            Await.until(text + " in the log", limit, () -> log().contains(text), this::log);
            return log().lines().filter(line -> line.contains(text)).findFirst().orElseThrow();
        } finally {
            kill();
        }
    }

    /** Removes what it has attached and pinned. */
    Command detach() {
        return Command.run(READY_LIMIT, Map.of(), line("--detach", "--data", data.toString()));
    }

    private void launch() {
        try {
            Files.writeString(log, "");
            process = new ProcessBuilder(line()).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> line() {
        return line("--config", config.toString(), "--data", data.toString());
    }

    private List<String> line(String... options) {
        List<String> line = new ArrayList<>(guise);
        line.add(home.resolve("bin/loomd").toString());
        line.addAll(List.of(options));
        line.addAll(List.of("--bpffs", bpffs.toString(), "--instance", instance));
        return lab.lineOn(host, line);
    }

    private boolean ready() {
        return log().lines().anyMatch(line -> line.startsWith(READY));
    }

    long pid() {
        return process.pid();
    }

    boolean running() {
        return process != null && process.isAlive();
    }

    void kill() {
        process.destroyForcibly();
        end(Duration.ofSeconds(5));
    }

    /** SIGTERM. @return how long it took to end */
    Duration terminate(Duration limit) {
        long start = System.nanoTime();
        process.destroy();
        end(limit);
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private void end(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("loomd has not ended within " + limit + ": " + logTail());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    Path data() {
        return data;
    }

    Path deploy() {
        return home.resolve("deploy");
    }

    Path home() {
        return home;
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String logTail() {
        List<String> lines = log().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    }

    /** Resident memory in MiB. */
    long residentMiB() {
        try {
            return Files.readString(Path.of("/proc/" + pid() + "/status")).lines().filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024).findFirst().orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        if (running()) {
            kill();
        }
    }
}
