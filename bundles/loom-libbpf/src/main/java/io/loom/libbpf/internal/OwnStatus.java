package io.loom.libbpf.internal;

import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/** What the kernel says of this thread, which is what it goes by: a process is its threads, that have what they began with. */
public final class OwnStatus {
    private OwnStatus() {
    }

    /** Of /proc/thread-self/status. */
    public static List<String> lines() {
        try {
            return KernelFile.lines(Path.of("/proc/thread-self/status"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException("/proc must be mounted", unreadable);
        }
    }
}
