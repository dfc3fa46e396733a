package io.loom.control.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Real files, until the disk is full. */
final class FillableDisk implements Disk {
    private final Disk disk = new Disk.OfFiles();
    boolean full;

    @Override
    public Optional<byte[]> read(Path file) throws IOException {
        return disk.read(file);
    }

    @Override
    public void write(Path file, java.nio.ByteBuffer content) throws IOException {
        if (full) {
            throw new IOException("no space left on device");
        }
        disk.write(file, content);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void force(Path directory) throws IOException {
        disk.force(directory);
    }
}
