package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.api.Verdict;
import io.loom.datapath.Composer;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.OwnObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a frame in a program of the operator before Loom's. Behind it stands one that sends everything back. */
class BeforeIT {
    private static final int TX = 3;

    private Path pins;
    private BpfObject before;
    private OwnObject behind;

    @BeforeEach
    void load() throws IOException {
        pins = Files.createDirectory(Path.of("/sys/fs/bpf/loom-before-" + ProcessHandle.current().pid()));
        before = BpfObject.open("loom_before", Composer.object("before"));
        before.setConstant("loom_next", number(3));
        before.load();
        behind = own("xdp_lb");
        lead();
    }

    @AfterEach
    void remove() throws IOException {
        behind.close();
        before.close();
        try (Stream<Path> all = Files.walk(pins)) {
            for (Path pin : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(pin);
            }
        }
    }

    private void lead() {
        try (BpfMap chain = before.map("loom_chain"); BpfProgram last = behind.program()) {
            chain.updateFd(number(3), last);
        }
    }

    private OwnObject own(String section) throws IOException {
        try (InputStream elf = BeforeIT.class.getResourceAsStream("/bpf/own.bpf.o")) {
            return OwnObject.load("own", elf.readAllBytes(), section, pins);
        }
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    private BpfProgram.TestRun run(String section, byte[] frame) throws IOException {
        try (OwnObject own = own(section); BpfProgram both = own.within("both", before, "loom_before")) {
            return both.testRun(frame, 1);
        }
    }

    private VerdictCount count(Verdict verdict) {
        try (BpfMap map = before.map("loom_verdicts")) {
            return VerdictCount.sum(map.lookup(number(verdict.number())).orElseThrow());
        }
    }

    private long counted() {
        return Arrays.stream(Verdict.values()).mapToLong(verdict -> count(verdict).packets()).sum();
    }

    @ParameterizedTest
    @CsvSource({"xdp/port, 1, DROP_BEFORE", "xdp_lb, 3, SENT_BEFORE", "xdp_abort, 0, DROP_BEFORE_ABORTED", "xdp_strange, 0, DROP_BEFORE_ABORTED"})
    void whatItEndsIsCountedByWhatItDid(String section, int action, Verdict verdict) throws IOException {
        byte[] frame = new Frames().request(Family.IPV4, "S", 40000);
        assertEquals(action, run(section, frame).result());
        int out = verdict.action() == Verdict.Action.FORWARD ? frame.length : 0;
        assertEquals(List.of(1L, (long) frame.length, (long) out),
                List.of(count(verdict).packets(), count(verdict).bytesIn(), count(verdict).bytesOut()));
        assertEquals(1, counted(), "and as nothing else");
    }

    @Test
    void whatItPassesGoesOnAsItIsAndIsCountedThere() throws IOException {
        byte[] frame = new Frames().request(Family.IPV6, "S", 40000);
        for (String section : List.of("xdp/port", "xdp_pass")) {
            BpfProgram.TestRun run = run(section, frame);
            assertEquals(TX, run.result());
            assertArrayEquals(frame, run.frame());
        }
        assertEquals(0, counted());
    }

    @Test
    void aChainThatIsBrokenIsAFaultAndDrops() throws IOException {
        before.close();
        before = BpfObject.open("loom_before", Composer.object("before"));
        before.load();
        byte[] frame = new Frames().request(Family.IPV4, "S", 40001);
        assertEquals(1, run("xdp_pass", frame).result());
        assertEquals(1, count(Verdict.DROP_INTERNAL).packets());
    }
}
