package io.loom.config.internal.model;

import java.io.IOException;
import java.nio.file.Path;

/** The files that the configuration file names: lists of networks, BPF objects. */
@FunctionalInterface
public interface NamedFiles {
    /** At most one byte more than {@code limit}, which is enough to see that it is too large. */
    byte[] read(Path path, int limit) throws IOException;

    /** In words: what is ours says it all, what is Java's needs its class. */
    static String why(IOException unreadable) {
        return unreadable.getClass() == IOException.class ? unreadable.getMessage() : unreadable.toString();
    }
}
