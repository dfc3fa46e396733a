package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The program that backends attach, as the bundle of ipip carries it, on every row of packets/decap.json. */
class DecapIT {
    private static final Path TABLE = Path.of(System.getProperty("loom.bpf"), "test", "packets", "decap.json");
    private static final int XDP_DROP = 1;
    private static final int XDP_PASS = 2;
    private static final HexFormat HEX = HexFormat.of();

    @TestFactory
    Stream<DynamicTest> everyFrameComesOutAsTheTableSays() throws IOException {
        return rows().map(row -> DynamicTest.dynamicTest(row.get("name").asText(), () -> run(row)));
    }

    @Test
    void gueIsReadOnThePortThatIsSet() throws IOException {
        for (JsonNode row : rows().filter(row -> row.get("name").asText().contains("and UDP around a SYN")).toList()) {
            String frame = row.get("frame").asText();
            try (Decap decap = new Decap(Map.of("gue_port", 6666))) {
                assertEquals(frame, HEX.formatHex(decap.run(frame).frame()), "port 6080 is none of GUE");
                String other = frame.replaceFirst("17c0", "1a0a");
                assertEquals(row.get("out").asText(), HEX.formatHex(decap.run(other).frame()));
            }
        }
    }

    @Test
    void theTableHasNotShrunk() throws IOException {
        assertTrue(rows().count() >= 100);
    }

    private static Stream<JsonNode> rows() throws IOException {
        return StreamSupport.stream(new ObjectMapper().readTree(TABLE.toFile()).spliterator(), false);
    }

    private static void run(JsonNode row) throws IOException {
        try (Decap decap = new Decap(Map.of())) {
            BpfProgram.TestRun run = decap.run(row.get("frame").asText());
            assertEquals(row.get("out").isNull() ? XDP_DROP : XDP_PASS, run.result());
            if (run.result() == XDP_PASS) {
                assertEquals(row.get("out").asText(), HEX.formatHex(run.frame()));
            }
        }
    }

    private static final class Decap implements AutoCloseable {
        private final BpfObject object;

        Decap(Map<String, Integer> ports) throws IOException {
            try (InputStream elf = IpipForwarding.class.getResourceAsStream("/bpf/decap.bpf.o")) {
                object = BpfObject.open("decap", elf.readAllBytes());
            }
            ports.forEach((name, port) -> object.setConstant(
                    name, ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort(port.shortValue()).array()));
            object.load();
        }

        BpfProgram.TestRun run(String frame) {
            try (BpfProgram program = object.program("loom_decap")) {
                return program.testRun(HEX.parseHex(frame), 1);
            }
        }

        @Override
        public void close() {
            object.close();
        }
    }
}
