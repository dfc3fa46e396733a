package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The program that backends attach, as the bundle of ipip carries it, on every row of packets/decap.json. */
class DecapIT {
    private static final Path TABLE = Path.of(System.getProperty("loom.bpf"), "test", "packets", "decap.json");
    private static final int XDP_PASS = 2;
    private static final HexFormat HEX = HexFormat.of();

    @TestFactory
    Stream<DynamicTest> everyFramePasses() throws IOException {
        JsonNode rows = new ObjectMapper().readTree(TABLE.toFile());
        return StreamSupport.stream(rows.spliterator(), false)
                .map(row -> DynamicTest.dynamicTest(
                        row.get("name").asText(), () -> run(row.get("frame").asText(), row.get("out").asText())));
    }

    private static void run(String frame, String out) throws IOException {
        try (InputStream elf = IpipForwarding.class.getResourceAsStream("/bpf/decap.bpf.o");
                BpfObject object = BpfObject.open("decap", elf.readAllBytes())) {
            object.load();
            BpfProgram.TestRun run = object.program("loom_decap").testRun(HEX.parseHex(frame), 1);
            assertEquals(XDP_PASS, run.result());
            assertEquals(out, HEX.formatHex(run.frame()));
        }
    }
}
