package io.loom.itests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A bundle that an operator takes out of {@code deploy/} and puts back, each by one rename. */
final class Deployed {
    private final Path inside;
    private final Path outside;

    Deployed(Loomd loomd, String jar) {
        this.inside = loomd.deploy().resolve(jar);
        this.outside = loomd.home().resolve(jar + ".aside");
    }

    boolean installed() {
        return Files.exists(inside);
    }

    void remove() {
        move(inside, outside);
    }

    void put() {
        move(outside, inside);
    }

    /** Removes it if it is there, else puts it back. */
    void toggle() {
        if (installed()) {
            remove();
        } else {
            put();
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
