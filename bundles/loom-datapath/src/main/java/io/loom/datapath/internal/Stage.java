package io.loom.datapath.internal;

import io.loom.api.config.OwnProgram;
import io.loom.api.config.OwnProgram.Position;
import io.loom.libbpf.BpfProgram;
import java.util.Locale;

/** A program of the operator's that is in force, as loom_meta tells it: its place, kernel id and name. */
record Stage(String name, Position position, int id) {

    static Stage of(OwnProgram program, BpfProgram loaded) {
        return new Stage(program.name(), program.position(), loaded.id());
    }

    static Stage parse(String text) {
        String[] words = text.split(" ");
        return new Stage(words[2], Position.valueOf(words[0].toUpperCase(Locale.ROOT)), Integer.parseInt(words[1]));
    }

    String text() {
        return position.name().toLowerCase(Locale.ROOT) + " " + id + " " + name;
    }
}
