package io.loom.control.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The file operations whose order makes the runtime store survive a crash; tests interrupt them between any two. */
interface Disk {

    /** Empty if there is no such file. */
    Optional<byte[]> read(Path file) throws IOException;

    /** Writes the whole file and forces it to the medium. */
    void write(Path file, byte[] content) throws IOException;

    /** Replaces {@code to} atomically. */
    void rename(Path from, Path to) throws IOException;

    /** Makes renames in the directory durable. */
    void force(Path directory) throws IOException;

    /** The real one. */
    final class OfFiles implements Disk {
        @Override
        public Optional<byte[]> read(Path file) throws IOException {
            try {
                return Optional.of(Files.readAllBytes(file));
            } catch (NoSuchFileException none) {
                return Optional.empty();
            }
        }

        @Override
        public void write(Path file, byte[] content) throws IOException {
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public void force(Path directory) throws IOException {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
