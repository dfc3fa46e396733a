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
 * @param world in which it happens
 */
record PacketRow(String name, RowPlane.World world, List<Step> steps) {

    /**
     * @param out  the frame that leaves; empty if nothing leaves
     * @param down the backends are down while it comes in
     */
    record Step(byte[] frame, String verdict, Optional<byte[]> out, boolean down) {}

    static List<PacketRow> read(Path table) throws IOException {
        JsonNode rows = new ObjectMapper().readTree(table.toFile());
        return StreamSupport.stream(rows.spliterator(), false).map(PacketRow::of).toList();
    }

    private static PacketRow of(JsonNode row) {
        int family = row.get("family").asInt();
        int backend = row.path("backend_family").asInt(family);
        String method = row.get("method").asText();
        RowPlane.World world = new RowPlane.World(
                method, row.get("mtu").asInt(), backend != family, (int) row.path("entropy").asLong(),
                StreamSupport.stream(row.path("options").spliterator(), false).map(JsonNode::asText).toList());
        String name = method + " IPv" + family + ": " + row.get("name").asText();
        List<Step> steps = StreamSupport.stream(row.get("steps").spliterator(), false).map(PacketRow::step).toList();
        return new PacketRow(name, world, steps);
    }

    private static Step step(JsonNode step) {
        Optional<byte[]> out = Optional.of(step.get("out")).filter(hex -> !hex.isNull()).map(PacketRow::bytes);
        return new Step(bytes(step.get("frame")), step.get("verdict").asText(), out, step.path("down").asBoolean());
    }

    private static byte[] bytes(JsonNode hex) {
        return HexFormat.of().parseHex(hex.asText());
    }
}
