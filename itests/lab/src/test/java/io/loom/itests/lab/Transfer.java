package io.loom.itests.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** A transfer by curl between the client and a backend, with the SHA-256 of what arrived. */
final class Transfer {
    /** Size of the file that backends serve as {@code /bulk}. */
    static final long BULK = 100_000_000;

    private final Lab lab;
    private final String name;
    private final boolean upload;
    private final Background curl;

    private Transfer(Lab lab, String name, boolean upload, List<String> line) {
        this.lab = lab;
        this.name = name;
        this.upload = upload;
        this.curl = Background.start(lab.lineOn("client", Stream.concat(Stream.of("curl", "-sS", "-g", "--fail-with-body",
                "--max-time", "60", "--noproxy", "*"), line.stream()).toList()));
    }

    /** @param rate bytes a second at which the backend sends, so that packets flow until the end; 0 for as many as it can */
    static Transfer down(Lab lab, Way way, long bytes, long rate) {
        String name = way + "-down";
        return new Transfer(lab, name, false, List.of("-r", "0-" + (bytes - 1), "-o",
                lab.run().resolve(name).toString(), "-D", lab.run().resolve(name + ".headers").toString(), way.url("/bulk?rate=" + rate)));
    }

    /** @param rate bytes a second, 0 for as many as it can */
    static Transfer up(Lab lab, Way way, Path file, long rate) {
        String name = way + "-up";
        return new Transfer(lab, name, true, List.of("--limit-rate", "" + rate, "-T", file.toString(), way.url("/put/" + name)));
    }

    boolean running() {
        return curl.running();
    }

    void stop() {
        curl.stop();
    }

    /** Of one that has ended. */
    String outcome() {
        try {
            curl.end();
            return name + " is complete";
        } catch (AssertionError failed) {
            return name + ": " + failed.getMessage();
        }
    }

    /** Whether a download's answer has arrived. */
    boolean begun() {
        return !headers().isEmpty();
    }

    /** Of a download that has begun, from the answer's header. */
    String backend() {
        return headers().lines().filter(line -> line.startsWith("X-Backend: ")).map(line -> line.substring(11).trim())
                .findFirst().orElseThrow(() -> new AssertionError("no X-Backend in " + headers()));
    }

    private String headers() {
        try {
            Path file = lab.run().resolve(name + ".headers");
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for its end. @return the checksum of what arrived, which is removed @throws AssertionError if it failed */
    String checksum() {
        curl.end();
        Path arrived = arrived();
        String sum = checksum(arrived);
        try {
            Files.delete(arrived);
            Files.deleteIfExists(lab.run().resolve(name + ".headers"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sum;
    }

    private Path arrived() {
        if (!upload) {
            return lab.run().resolve(name);
        }
        return Lab.BACKENDS.stream().map(backend -> lab.run().resolve(backend).resolve("put").resolve(name))
                .filter(Files::exists).findFirst().orElseThrow(() -> new AssertionError("no backend has " + name));
    }

    /** Writes the first bytes of what backends serve to the file {@code part}. */
    static Path writePart(Lab lab, long bytes) {
        try (InputStream bulk = Files.newInputStream(lab.run().resolve("bulk"))) {
            return Files.write(lab.run().resolve("part"), bulk.readNBytes((int) bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String checksum(Path file) {
        try (InputStream input = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = input.read(buffer); n >= 0; n = input.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
