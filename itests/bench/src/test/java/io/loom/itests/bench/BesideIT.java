package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --katran}: with an object of our own that has Katran's shape (shape.bpf.c). */
class BesideIT {
    private static final String FEW = "--rounds 2 --packets 4096 --entries 32768 --instances 2";

    @TempDir
    private Path directory;
    private Path object;

    @BeforeEach
    void write() throws IOException {
        object = directory.resolve("shape.o");
        try (InputStream bytes = BesideIT.class.getResourceAsStream("/bpf/shape.bpf.o")) {
            Files.write(object, bytes.readAllBytes());
        }
    }

    private static Report run(String only, Path file) throws IOException, InterruptedException {
        return new Bench(Arguments.parse(List.of((FEW + " --only " + only + " --katran " + file).split(" ")))).run();
    }

    private static Set<String> besides(Report report) {
        return report.lines().stream().filter(line -> line.katran().isPresent()).map(Report.Line::name).collect(Collectors.toSet());
    }

    /** Each case checks that all its packets were of the kind that it is about, on both sides. */
    @Test
    void establishedConnectionsNewOnesAndPacketsForNobodyAreMeasuredBesideIt() throws Exception {
        Report report = run("ipip_v", object);
        assertEquals(Set.of("ipip_v4_established_1", "ipip_v6_established_1", "ipip_v4_established_16k", "ipip_v6_established_16k",
                "ipip_v4_new_full", "ipip_v6_new_full", "ipip_v4_first_ack_full", "ipip_v6_first_ack_full"), besides(report));
        assertTrue(report.katran().get(0).matches("shape.o .SHA-256 [0-9a-f]{16}."), report.katran()::toString);
        report.lines().forEach(line -> {
            Report.Beside beside = line.katran().orElseThrow();
            assertTrue(beside.net() > 0 && beside.least() <= beside.ratio() && beside.ratio() <= beside.most(), line::toString);
        });
        assertEquals(Set.of("pass_v4", "pass_v6"), besides(run("pass_v", object)));
    }

    @Test
    void aNameThatNoCaseHasIsRefused() {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> run("no_vip", object));
        assertTrue(refused.getMessage().startsWith("--only no_vip: no case"), refused::getMessage);
    }

    @Test
    void whatItsHeadersDoNotAllowIsNotComparedWithIt() throws Exception {
        assertEquals(Set.of(), besides(run("gue_v4_established_1", object)));
        assertEquals(Set.of("ipip_udp_v4_established_1"), besides(run("ipip_udp_v4", object)));
    }

    @Test
    void anotherObjectIsRefusedWithTheReason() throws IOException {
        Path other = directory.resolve("other.o");
        Files.write(other, Wrapper.object("pass"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> run("pass_v4", other)).getMessage().contains("no map vip_map"));
        Path absent = directory.resolve("absent.o");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> run("pass_v4", absent)).getMessage().contains("cannot read"));
    }
}
