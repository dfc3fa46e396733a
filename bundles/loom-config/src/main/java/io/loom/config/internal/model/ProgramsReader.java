package io.loom.config.internal.model;

import io.loom.api.config.ObjectFile;
import io.loom.api.config.OwnProgram;
import io.loom.api.config.OwnProgram.Position;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The operator's own programs, their objects included. What is in an object is for the kernel to judge. */
final class ProgramsReader {
    /** Of the specification's example: without its file Loom's own program does what it is there for. */
    private static final String LOOMS = "lb";
    private static final int MAX_BYTES = 16 * 1024 * 1024;
    /** LOOM_CHAIN of abi.h, but one. */
    private static final int MOST_BEFORE = 8;

    private final Findings findings;
    private final NamedFiles files;
    private final Map<String, Place> names = new HashMap<>();
    private Optional<Place> replaces = Optional.empty();

    ProgramsReader(Findings findings, NamedFiles files) {
        this.findings = findings;
        this.files = files;
    }

    List<OwnProgram> read(Section xdp) {
        List<OwnProgram> programs = new ArrayList<>();
        for (Section section : xdp.sections("programs")) {
            Optional<Located<String>> name = section.scalar("name", String.class);
            Optional<Located<String>> path = section.scalar("path", String.class);
            if (name.isPresent() && path.isPresent()) {
                read(name.get(), path.get(), section).ifPresent(programs::add);
            }
        }
        if (programs.stream().filter(program -> program.position() == Position.BEFORE).count() > MOST_BEFORE) {
            findings.error(Code.TOO_MANY, xdp.placeOf("programs"), "too many programs before Loom's",
                    "there is room for " + MOST_BEFORE, "give fewer");
        }
        return programs;
    }

    private Optional<OwnProgram> read(Located<String> name, Located<String> path, Section section) {
        String otherwise = name.value().equals(LOOMS) ? "replace" : "before";
        Position position = Position.valueOf(section.word("position", otherwise).toUpperCase(Locale.ROOT));
        Place first = names.putIfAbsent(name.value(), name.place());
        if (first != null) {
            findings.error(Code.DUPLICATE, name.place(), "program " + name.value() + " stands twice", "the first is at " + first,
                    "give each a name of its own");
        }
        if (position == Position.REPLACE) {
            replaces.ifPresent(other -> findings.error(Code.DUPLICATE, name.place(), "two programs replace Loom's",
                    "the other is at " + other, "let one of them run before"));
            replaces = Optional.of(name.place());
        }
        return object(name.value(), path, position)
                .map(object -> new OwnProgram(name.value(), path.value(), section.word("section", ""), position, object));
    }

    private Optional<ObjectFile> object(String name, Located<String> path, Position position) {
        try {
            byte[] bytes = files.read(Path.of(path.value()), MAX_BYTES);
            if (bytes.length <= MAX_BYTES) {
                return Optional.of(new ObjectFile(bytes));
            }
            findings.error(Code.TOO_LARGE, path.place(), "the object " + path.value() + " is too large",
                    "it has more than " + MAX_BYTES + " bytes", "strip it of what is no program (llvm-strip -g)");
        } catch (NoSuchFileException absent) {
            if (name.equals(LOOMS) && position == Position.REPLACE) {
                findings.warning(Code.BUILT_IN, path.place(), "Loom's own program is used", path.value() + " does not exist",
                        "nothing need be done, unless you want a program of your own in its place");
            } else {
                unreadable(path, "it does not exist");
            }
        } catch (IOException failure) {
            unreadable(path, NamedFiles.why(failure));
        }
        return Optional.empty();
    }

    private void unreadable(Located<String> path, String why) {
        findings.error(Code.NO_OBJECT, path.place(), "cannot read the program " + path.value(), why,
                "name a BPF object that can be read, or remove the program");
    }
}
