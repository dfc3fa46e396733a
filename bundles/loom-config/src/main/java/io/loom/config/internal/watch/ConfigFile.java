package io.loom.config.internal.watch;

import io.loom.api.Problem;
import io.loom.api.config.Present;
import io.loom.config.internal.Code;
import io.loom.config.internal.model.ConfigReader;
import io.loom.config.internal.model.Host;
import io.loom.config.internal.model.Reading;
import io.loom.config.internal.yaml.YamlText;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The path of the configuration file; every reading opens it anew, so that renames and swapped symlinks are followed. */
public final class ConfigFile {
    private static final long SILENCE_MILLIS = 2_000;

    private final Path path;
    private final Supplier<Host> host;
    private final Optional<Present> present;
    /** Those that the file named when it was last read, and how they were then. */
    private final Map<Path, Object> named = new HashMap<>();
    private final PatientFiles files;

    public ConfigFile(Path path) {
        this(path, Optional.empty());
    }

    /** @param present what there is of what the file may name, if that is to be judged */
    public ConfigFile(Path path, Optional<Present> present) {
        this(path, new ThisHost(), SILENCE_MILLIS, present);
    }

    /** @param host that the file is for, as it is at the moment */
    ConfigFile(Path path, Supplier<Host> host) {
        this(path, host, SILENCE_MILLIS, Optional.empty());
    }

    /** @param silenceMillis how long a file may give nothing until it is given up */
    ConfigFile(Path path, Supplier<Host> host, long silenceMillis) {
        this(path, host, silenceMillis, Optional.empty());
    }

    private ConfigFile(Path path, Supplier<Host> host, long silenceMillis, Optional<Present> present) {
        this.path = path;
        this.host = host;
        this.present = present;
        this.files = new PatientFiles(silenceMillis);
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
        return files.read(path, YamlText.MAX_BYTES);
    }

    Reading parse(byte[] bytes) {
        named.clear();
        return new ConfigReader(path.toString(), this::named, host, present).read(bytes);
    }

    private byte[] named(Path other, int limit) throws IOException {
        named.put(other, stamp(other));
        return files.read(other, limit);
    }

    /** True if a file that this one names is another one than when it was read, or does answer now, or does not any more. */
    boolean namedChanged() {
        return named.entrySet().stream().anyMatch(other -> !other.getValue().equals(stamp(other.getKey())));
    }

    private Object stamp(Path other) {
        try {
            return files.stamp(other);
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
