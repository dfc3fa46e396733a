package io.loom.itests.bpf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * A row of a packet table (bpf-objects/test/packets.py says what it means): steps that run in order on fresh maps.
 *
 * @param mtu     towards the backend, bytes of IP packet; 0: unknown
 * @param options what else is different in its world
 */
record PacketRow(String name, String method, int mtu, List<String> options, List<Step> steps) {

    /** @param out the frame that leaves; empty if nothing leaves */
    record Step(byte[] frame, String verdict, Optional<byte[]> out) {}

    static List<PacketRow> read(Path table) throws IOException {
        JsonNode rows = new ObjectMapper().readTree(table.toFile());
        return StreamSupport.stream(rows.spliterator(), false).map(PacketRow::of).toList();
    }

    private static PacketRow of(JsonNode row) {
        String name = row.get("method").asText() + " IPv" + row.get("family").asInt() + ": " + row.get("name").asText();
        List<Step> steps = StreamSupport.stream(row.get("steps").spliterator(), false).map(PacketRow::step).toList();
        List<String> options = StreamSupport.stream(row.path("options").spliterator(), false).map(JsonNode::asText).toList();
        return new PacketRow(name, row.get("method").asText(), row.get("mtu").asInt(), options, steps);
    }

    private static Step step(JsonNode step) {
        Optional<byte[]> out = Optional.of(step.get("out")).filter(hex -> !hex.isNull()).map(PacketRow::bytes);
        return new Step(bytes(step.get("frame")), step.get("verdict").asText(), out);
    }

    private static byte[] bytes(JsonNode hex) {
        return HexFormat.of().parseHex(hex.asText());
    }
}
