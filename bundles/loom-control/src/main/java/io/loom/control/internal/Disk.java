package io.loom.control.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/** The file operations whose order makes the runtime store survive a crash; tests interrupt them between any two. */
interface Disk {
    /** Ten times what changes to all backends that Loom can have take. */
    int LARGEST = 64 << 20;

    /**
     * Empty if there is no such file.
     *
     * @throws IOException also if it is no plain file, which might never end or never begin, or one of more than {@link #LARGEST} bytes
     */
    Optional<byte[]> read(Path file) throws IOException;

    /** Writes the whole file, in the place of whatever has its name, and forces it to the medium. */
    void write(Path file, ByteBuffer content) throws IOException;

    /** Replaces {@code to} atomically. */
    void rename(Path from, Path to) throws IOException;

    /** Makes renames in the directory durable. */
    void force(Path directory) throws IOException;

    /** The real one. */
    final class OfFiles implements Disk {
        @Override
        public Optional<byte[]> read(Path file) throws IOException {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                if (!attributes.isRegularFile()) {
                    throw new FileSystemException(file.toString(), null, "it is not a plain file");
                }
                if (attributes.size() > LARGEST) {
                    throw new FileSystemException(file.toString(), null, "it has " + attributes.size() + " bytes, more than Loom ever writes");
                }
                return Optional.of(Files.readAllBytes(file));
            } catch (NoSuchFileException none) {
                return Optional.empty();
            }
        }

        @Override
        public void write(Path file, ByteBuffer content) throws IOException {
            Files.deleteIfExists(file); // a link would lead elsewhere, a pipe would wait for its reader
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                while (content.hasRemaining()) {
                    channel.write(content);
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
