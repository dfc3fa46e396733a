package io.loom.itests.bpf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.loom.api.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HexFormat;

/** Frames by name, made by bpf-objects/test/packets.py in the world of {@link io.loom.api.plugin.PacketCase}. */
final class Frames {
    private final JsonNode frames;

    Frames() {
        Path file = Path.of(System.getProperty("loom.bpf"), "test", "packets", "frames.json");
        try {
            frames = new ObjectMapper().readTree(file.toFile());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** @param flags of TCP: S, A, FA or R; @param port of the client, 40000 to 40007 */
    byte[] request(Family family, String flags, int port) {
        return named(family.version() + " request " + flags + " " + port);
    }

    /** @param flags of TCP: SA, A, FA or R; @param port of Loom, 20000 or 20001 */
    byte[] answer(Family family, String flags, int port) {
        return named(family.version() + " answer " + flags + " " + port);
    }

    private byte[] named(String name) {
        if (!frames.has(name)) {
            throw new IllegalArgumentException("no frame " + name);
        }
        return HexFormat.of().parseHex(frames.get(name).asText());
    }
}
