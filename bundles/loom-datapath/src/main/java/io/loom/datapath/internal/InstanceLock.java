package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * One process for each instance. A file lock, so that the kernel frees it when the process dies; the file holds the process
 * id of the holder. The name contains the bpffs' device number: instances in two bpffs do not disturb each other. The lock is
 * a POSIX one, which the kernel drops as soon as the process closes any descriptor of the file: the holder must not open it.
 */
final class InstanceLock implements AutoCloseable {
    private static final Path RUN = Path.of("/run/loom");

    private final Path path;
    private final FileChannel channel;

    private InstanceLock(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * @param bpffs    on which the instance's pins are
     * @param fallback directory for the lock where /run/loom cannot be written
     * @throws LoomException LOOM-5101 if another process holds it
     */
    static InstanceLock take(Path bpffs, String instance, Path fallback) {
        try {
            Path path = directory(fallback).resolve(instance + "-" + Files.getAttribute(bpffs, "unix:dev") + ".lock");
            while (true) {
                Optional<Object> before = identity(path);
                FileChannel channel = FileChannel.open(
                        path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                if (!locked(channel)) {
                    channel.close();
                    throw inUse(instance, path);
                }
                // The file that was opened may have been removed, by a takedown that ended meanwhile, and its lock is void then.
                if (before.isPresent() && before.equals(identity(path))) {
                    sign(channel);
                    return new InstanceLock(path, channel);
                }
                channel.close();
            }
        } catch (IOException failure) {
            throw new LoomException(Problem.of(
                    "LOOM-5102", "cannot lock instance " + instance, failure.toString(),
                    "make /run/loom or the data directory writable"), failure);
        }
    }

    private static LoomException inUse(String instance, Path path) throws IOException {
        String holder = Files.readString(path).strip();
        return new LoomException(Problem.of(
                "LOOM-5101", "instance " + instance + " is in use",
                "a loomd runs on it" + (holder.isEmpty() ? "" : ", process " + holder),
                "stop that process, or use another --instance"));
    }

    /** Device and inode; empty if there is no such file. Opens nothing. */
    private static Optional<Object> identity(Path path) throws IOException {
        try {
            return Optional.of(Files.readAttributes(path, BasicFileAttributes.class).fileKey());
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
    }

    private static void sign(FileChannel channel) throws IOException {
        String process = ProcessHandle.current().pid() + "\n";
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(process.getBytes(StandardCharsets.US_ASCII)));
    }

    private static Path directory(Path fallback) throws IOException {
        try {
            Files.createDirectories(RUN);
            if (Files.isWritable(RUN)) {
                return RUN;
            }
        } catch (IOException readOnly) {
            // A container without /run: the data directory serves as well, for processes that share it.
        }
        return Files.createDirectories(fallback);
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException heldByThisProcess) {
            return false;
        }
    }

    /** Removes the file and gives up the lock: the instance is no more. */
    void discard() {
        PinTree.remove(path);
        close();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
