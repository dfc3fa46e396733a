package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.LoomConfig;
import io.loom.api.config.ObjectFile;
import io.loom.api.config.OwnProgram;
import io.loom.api.config.OwnProgram.Position;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs of the operator. */
class ProgramsTest {
    @TempDir
    Path directory;

    private Path path;

    @BeforeEach
    void anObject() throws IOException {
        path = Files.write(directory.resolve("a.o"), new byte[] {1, 2});
    }

    private static List<OwnProgram> programs(String programs) {
        return config(programs).programs();
    }

    private static LoomConfig config(String programs) {
        return Yaml.good("ebpf: {xdp: {interface: eth0, programs: [" + programs + "]}}");
    }

    private static List<String> problems(String programs) {
        return Yaml.read("ebpf: {xdp: {interface: eth0, programs: [" + programs + "]}}").problems().stream()
                .map(problem -> problem.code().substring(5) + " " + problem.what()).toList();
    }

    @Test
    void withoutAnyOnlyLoomsRuns() {
        assertEquals(List.of(), Yaml.good("ebpf: {interface: eth0}").programs());
    }

    @Test
    void theirOrderIsThatOfTheFile() {
        ObjectFile object = new ObjectFile(new byte[] {1, 2});
        String at = path.toString();
        assertEquals(List.of(
                        new OwnProgram("second-first", at, "", Position.BEFORE, object),
                        new OwnProgram("lb", at, "xdp_lb", Position.REPLACE, object),
                        new OwnProgram("a", at, "xdp/a.b", Position.BEFORE, object)),
                programs("{name: second-first, path: " + at + "}, {name: lb, path: " + at + ", section: xdp_lb},"
                        + " {name: a, path: " + at + ", section: xdp/a.b, position: before}"));
    }

    @Test
    void loomsNameMayRunBeforeAndAnotherMayReplace() {
        assertEquals(List.of(Position.BEFORE, Position.REPLACE),
                programs("{name: lb, path: " + path + ", position: before}, {name: other, path: " + path + ", position: replace}")
                        .stream().map(OwnProgram::position).toList());
    }

    @Test
    void withoutItsFileLbIsLoomsOwn() {
        LoomConfig config = config("{name: lb, path: /nowhere/lb.o, section: xdp_lb}");
        assertEquals(List.of(), config.programs());
        assertTrue(config.warnings().stream().anyMatch(warning -> warning.code().equals("LOOM-2119")
                && warning.text().contains("/nowhere/lb.o")), config.warnings()::toString);
    }

    @Test
    void anyOtherFileMustBeThere() {
        List<String> absent = List.of("2031 cannot read the program /nowhere/a.o");
        assertEquals(absent, problems("{name: a, path: /nowhere/a.o}"));
        assertEquals(absent, problems("{name: a, path: /nowhere/a.o, position: replace}"));
        assertEquals(absent, problems("{name: lb, path: /nowhere/a.o, position: before}"));
        assertEquals(List.of("2031 cannot read the program " + directory), problems("{name: lb, path: " + directory + "}"));
    }

    @Tag("size")
    @Test
    void sixteenMebibytesAreEnough() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(16 << 20);
            assertEquals(1, programs("{name: a, path: " + path + "}").size());
            file.setLength((16 << 20) + 1);
        }
        assertEquals(List.of("2002 the object " + path + " is too large"), problems("{name: a, path: " + path + "}"));
    }

    @Test
    void namesAreUniqueAndOnlyOneReplaces() {
        assertEquals(List.of("2020 program a stands twice"), problems("{name: a, path: " + path + "}, {name: a, path: " + path + "}"));
        assertEquals(List.of("2020 two programs replace Loom's"),
                problems("{name: lb, path: " + path + "}, {name: a, path: " + path + ", position: replace}"));
    }

    @Test
    void eightMayRunBefore() {
        assertEquals(9, programs(many(8) + ", {name: lb, path: " + path + "}").size());
        assertEquals(List.of("2028 too many programs before Loom's"), problems(many(9)));
    }

    private String many(int count) {
        return IntStream.range(0, count).mapToObj(i -> "{name: p" + i + ", path: " + path + "}").collect(Collectors.joining(", "));
    }

    @Test
    void aPathIsAbsoluteAndASectionAName() {
        assertEquals(List.of("2016", "2016"), problems("{name: a, path: a.o}, {name: b, path: " + path + ", section: 'a b'}").stream()
                .map(problem -> problem.substring(0, 4)).toList());
    }
}
