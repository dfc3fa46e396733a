package io.loom.api.config;

import java.util.Objects;

/**
 * An XDP program of the operator's own.
 *
 * @param name     unique
 * @param path     where its object was read
 * @param section  ELF section of the program; empty: the object has only one
 * @param position when it runs
 * @param object   what was read
 */
public record OwnProgram(String name, String path, String section, Position position, ObjectFile object) {

    public enum Position {
        /** On every frame, before Loom's program; what it passes goes on to the next. */
        BEFORE,
        /** In the place of Loom's program. */
        REPLACE
    }

    public OwnProgram {
        Objects.requireNonNull(object);
    }
}
