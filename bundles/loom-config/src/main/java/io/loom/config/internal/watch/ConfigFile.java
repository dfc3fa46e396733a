package io.loom.config.internal.watch;

import io.loom.api.Problem;
import io.loom.config.internal.Code;
import io.loom.config.internal.model.ConfigReader;
import io.loom.config.internal.model.Host;
import io.loom.config.internal.model.Reading;
import io.loom.config.internal.yaml.YamlText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The path of the configuration file; every reading opens it anew, so that renames and swapped symlinks are followed. */
public final class ConfigFile {
    private final Path path;
    private final Supplier<Host> host;
    /** Those that the file named when it was last read, and how they were then. */
    private final Map<Path, Object> named = new HashMap<>();

    public ConfigFile(Path path) {
        this(path, new ThisHost());
    }

    /** @param host that the file is for, as it is at the moment */
    ConfigFile(Path path, Supplier<Host> host) {
        this.path = path;
        this.host = host;
    }

    Path path() {
        return path;
    }

    /** Reads and checks the file; that it cannot be read is a problem like any other. */
    public Reading read() {
        try {
            return parse(bytes());
        } catch (IOException unreadable) {
            return new Reading(Optional.empty(), List.of(problem(unreadable)), List.of());
        }
    }

    /** At most one byte more than the limit, which is enough to see that it is too large. */
    byte[] bytes() throws IOException {
        if (Files.isDirectory(path)) {
            throw new IOException("it is a directory");
        }
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(YamlText.MAX_BYTES + 1);
        }
    }

    Reading parse(byte[] bytes) {
        named.clear();
        return new ConfigReader(path.toString(), this::named, host).read(bytes);
    }

    private byte[] named(Path other, int limit) throws IOException {
        named.put(other, stamp(other));
        try (InputStream in = Files.newInputStream(other)) {
            return in.readNBytes(limit + 1);
        }
    }

    /** True if a file that this one names is another one than when it was read. */
    boolean namedChanged() {
        return named.entrySet().stream().anyMatch(other -> !other.getValue().equals(stamp(other.getKey())));
    }

    /** Tells versions of a file apart without reading them: they may be large. */
    private static Object stamp(Path other) {
        try {
            Map<String, Object> attributes = Files.readAttributes(other, "lastModifiedTime,size,fileKey");
            return attributes.toString();
        } catch (IOException unreadable) {
            return "unreadable";
        }
    }

    Problem problem(IOException unreadable) {
        String why = unreadable instanceof NoSuchFileException ? "it does not exist"
                : unreadable instanceof AccessDeniedException ? "permission denied" : String.valueOf(unreadable.getMessage());
        return new Problem(Code.UNREADABLE.text(), path.toString(), "cannot read the configuration file", why,
                "name a readable YAML file with loomd --config FILE");
    }
}
