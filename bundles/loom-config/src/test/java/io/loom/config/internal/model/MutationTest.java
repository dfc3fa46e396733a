package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever happens to a good file, the reader answers with a snapshot or with problems, never with an exception. */
@Tag("size")
class MutationTest {
    private static final int ROUNDS = 3000;
    private static final List<String> TOKENS = List.of("\t", "\n", ":", "- ", "[", "]", "{", "}", "&a ", "*a", "!x ", "\"", "'", "|", ">",
            "#", "~", "null", ".nan", "-1", "99999999999999999999", "0x10", "%", "---\n", "<<: ", "\u0000", "\uFEFF", "\uD800", "é", "? ");

    @Test
    void mutationsOfGoodFilesGiveAnAnswer() throws IOException {
        List<byte[]> seeds = seeds();
        Random random = new Random(20260101);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = seeds.get(random.nextInt(seeds.size()));
            for (int edits = 1 + random.nextInt(4); edits > 0; edits--) {
                bytes = mutate(bytes, random, seeds);
            }
            answers(bytes);
        }
    }

    private static void answers(byte[] bytes) {
        try {
            Reading reading = Yaml.reader(Yaml.HOST).read(bytes);
            assertNotEquals(reading.config().isPresent(), !reading.problems().isEmpty(), "either a snapshot or problems");
            reading.problems().forEach(problem -> assertEquals("f:", problem.where().substring(0, 2)));
        } catch (RuntimeException | StackOverflowError thrown) {
            throw new AssertionError("for " + new String(bytes, StandardCharsets.UTF_8), thrown);
        }
    }

    private static byte[] mutate(byte[] bytes, Random random, List<byte[]> seeds) {
        int from = random.nextInt(bytes.length + 1);
        int to = from + random.nextInt(Math.min(20, bytes.length - from + 1));
        byte[] middle = switch (random.nextInt(5)) {
            case 0 -> new byte[0];
            case 1 -> new byte[] {(byte) random.nextInt(256)};
            case 2 -> slice(seeds.get(random.nextInt(seeds.size())), random);
            case 3 -> slice(bytes, random);
            default -> TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
        };
        byte[] mutated = new byte[from + middle.length + bytes.length - to];
        System.arraycopy(bytes, 0, mutated, 0, from);
        System.arraycopy(middle, 0, mutated, from, middle.length);
        System.arraycopy(bytes, to, mutated, from + middle.length, bytes.length - to);
        return mutated;
    }

    private static byte[] slice(byte[] bytes, Random random) {
        int from = random.nextInt(bytes.length + 1);
        int to = from + random.nextInt(Math.min(60, bytes.length - from + 1));
        return Arrays.copyOfRange(bytes, from, to);
    }

    private static List<byte[]> seeds() throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("src/test/resources/spec"))) {
            for (Path file : files.sorted().toList()) {
                seeds.add(Files.readAllBytes(file));
            }
        }
        seeds.add(Files.readString(Path.of("../../etc/loom.yaml")).replace("# ", "").getBytes(StandardCharsets.UTF_8));
        seeds.add("""
                ebpf:
                  vips:
                    - {name: a, addresses: [10.0.0.9, "2001:db8::9"], ports: [80], upstream: u, table_size: 101}
                    - {name: b, addresses: 10.0.0.8, ports: 80, forwarding: ipip, backends: [{id: 3, address: 10.0.0.1, port: 80}]}
                  health_integration: {upstream: u}
                  backends: [{address: 10.0.0.1, port: 80, weight: 7}]
                upstreams:
                  - {name: u, servers: [{address: 10.0.0.1, port: 80}], health_check: {interval: 500ms, timeout: 100ms}}
                admin: {rest: {address: 127.0.0.1, port: 1}, ssh: {port: 2}}
                """.getBytes(StandardCharsets.UTF_8));
        return seeds;
    }
}
