package io.loom.libbpf;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * The one way to read what the kernel says in /proc and /sys. {@code Files.readString} must not be used there: of a file whose size is
 * 0 JDK 17 asks for one byte first, and many settings answer nothing but a read from their beginning, so that 32768 becomes 3.
 */
public final class KernelFile {
    /** Holds every setting whole; tables of many lines, which the kernel gives out in parts, are read to their end. */
    private static final int BUFFER = 1 << 16;

    private KernelFile() {}

    /** All of it, without white space at its ends. */
    public static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[BUFFER];
            int length = 0;
            for (int count = in.read(buffer); count > 0; count = in.read(buffer, length, buffer.length - length)) {
                length += count;
                if (length == buffer.length) {
                    buffer = Arrays.copyOf(buffer, 2 * length);
                }
            }
            return new String(buffer, 0, length, StandardCharsets.UTF_8).strip();
        }
    }

    public static List<String> lines(Path file) throws IOException {
        return read(file).lines().toList();
    }

    /** Lines up to the first that is not wanted: what comes after that one is not even asked for, but for the part that it is in. */
    public static List<String> linesWhile(Path file, Predicate<String> wanted) throws IOException {
        List<String> lines = new ArrayList<>();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null && wanted.test(line); line = in.readLine()) {
                lines.add(line);
            }
        }
        return lines;
    }
}
