package io.loom.config.internal.model;

import java.io.IOException;
import java.nio.file.Path;

/** Where the lists come from that the configuration file names. */
@FunctionalInterface
public interface ListFiles {
    /** Larger ones are refused: a million networks fit. */
    int MAX_BYTES = 64 * 1024 * 1024;

    /** At most one byte more than {@link #MAX_BYTES}. */
    byte[] read(Path path) throws IOException;
}
