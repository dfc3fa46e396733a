package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.datapath.ScratchPlane;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Every row of bpf-objects/test/packets on the running kernel, in poisoned headroom, on maps that the data path's codecs wrote. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PacketTableIT {
    private static final Path TABLES = Path.of(System.getProperty("loom.bpf"), "test", "packets");
    private static final int XDP_DROP = 1;
    private static final int XDP_PASS = 2;
    private static final HexFormat HEX = HexFormat.of();

    private final List<RowPlane> planes = new ArrayList<>();

    @TestFactory
    Stream<DynamicTest> core() throws IOException {
        return table("core");
    }

    @TestFactory
    Stream<DynamicTest> nat() throws IOException {
        return table("nat");
    }

    @TestFactory
    Stream<DynamicTest> headers() throws IOException {
        return table("headers");
    }

    @TestFactory
    Stream<DynamicTest> fragments() throws IOException {
        return table("fragments");
    }

    @TestFactory
    Stream<DynamicTest> errors() throws IOException {
        return table("errors");
    }

    @TestFactory
    Stream<DynamicTest> echo() throws IOException {
        return table("echo");
    }

    @TestFactory
    Stream<DynamicTest> told() throws IOException {
        return table("told");
    }

    @TestFactory
    Stream<DynamicTest> refused() throws IOException {
        return table("refused");
    }

    @TestFactory
    Stream<DynamicTest> down() throws IOException {
        return table("down");
    }

    @TestFactory
    Stream<DynamicTest> ipip() throws IOException {
        return table("ipip");
    }

    @TestFactory
    Stream<DynamicTest> gue() throws IOException {
        return table("gue");
    }

    @TestFactory
    Stream<DynamicTest> l2() throws IOException {
        return table("l2");
    }

    @TestFactory
    Stream<DynamicTest> admission() throws IOException {
        return table("admission");
    }

    @TestFactory
    Stream<DynamicTest> stations() throws IOException {
        return table("stations");
    }

    @Test
    void noTableHasShrunk() throws IOException {
        assertTrue(PacketRow.read(TABLES.resolve("core.json")).size() >= 83);
        assertTrue(PacketRow.read(TABLES.resolve("echo.json")).size() >= 100);
        assertTrue(PacketRow.read(TABLES.resolve("refused.json")).size() >= 64);
        assertTrue(PacketRow.read(TABLES.resolve("down.json")).size() >= 52);
        assertTrue(PacketRow.read(TABLES.resolve("stations.json")).size() >= 116);
        assertTrue(PacketRow.read(TABLES.resolve("fragments.json")).size() >= 352);
        assertTrue(PacketRow.read(TABLES.resolve("headers.json")).size() >= 180);
        assertTrue(PacketRow.read(TABLES.resolve("told.json")).size() >= 163);
        assertTrue(PacketRow.read(TABLES.resolve("nat.json")).size() >= 125);
        assertTrue(PacketRow.read(TABLES.resolve("errors.json")).size() >= 142);
        assertTrue(PacketRow.read(TABLES.resolve("admission.json")).size() >= 112);
        assertTrue(PacketRow.read(TABLES.resolve("ipip.json")).size() >= 149);
        assertTrue(PacketRow.read(TABLES.resolve("gue.json")).size() >= 158);
        assertTrue(PacketRow.read(TABLES.resolve("l2.json")).size() >= 76);
    }

    private Stream<DynamicTest> table(String name) throws IOException {
        List<PacketRow> rows = PacketRow.read(TABLES.resolve(name + ".json"));
        // World by world: to build one takes longer than its rows.
        Map<RowPlane.World, List<PacketRow>> byWorld =
                rows.stream().collect(Collectors.groupingBy(PacketRow::world, LinkedHashMap::new, Collectors.toList()));
        return byWorld.values().stream().flatMap(List::stream).map(row -> DynamicTest.dynamicTest(row.name(), () -> run(row)));
    }

    private void run(PacketRow row) throws IOException {
        RowPlane plane = plane(row.world());
        plane.forget();
        for (PacketRow.Step step : row.steps()) {
            plane.backendsAre(step.down());
            check(step, plane.run(step.frame()));
        }
    }

    private RowPlane plane(RowPlane.World world) throws IOException {
        for (RowPlane plane : planes) {
            if (plane.serves(world)) {
                plane.enter(world);
                return plane;
            }
        }
        RowPlane plane = new RowPlane(world);
        planes.add(plane);
        return plane;
    }

    @AfterAll
    void close() {
        planes.forEach(RowPlane::close);
    }

    private static void check(PacketRow.Step step, ScratchPlane.Outcome outcome) {
        assertEquals(step.verdict(), outcome.verdict());
        assertEquals(step.out().isPresent(), outcome.leaves(), "XDP action " + outcome.action());
        if (step.out().isEmpty()) {
            assertEquals(step.verdict().startsWith("PASS_") ? XDP_PASS : XDP_DROP, outcome.action(), "XDP action");
        }
        step.out().ifPresent(expected -> assertEquals(HEX.formatHex(expected), HEX.formatHex(outcome.frame())));
        if (step.out().isEmpty()) {
            assertArrayEquals(step.frame(), outcome.frame(), "a packet that stays is not changed");
        }
    }
}
