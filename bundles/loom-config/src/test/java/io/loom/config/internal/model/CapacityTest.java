package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A file is good as long as the kernel's maps have room for it, and for another that replaces it: for half of what they hold. */
@Tag("size")
class CapacityTest {
    private static final Path BPF = Path.of("../../bpf-objects");

    /** What the pattern's group says in a header of the kernel's part. */
    private static int room(String header, String pattern) throws IOException {
        Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(Files.readString(BPF.resolve(header)));
        assertTrue(matcher.find(), header);
        return Integer.parseInt(matcher.group(1));
    }

    @Test
    void listenersOfBothFamiliesShareTheirNumbers() throws IOException {
        int room = room("include/loom/abi.h", "#define LOOM_LISTENERS (\\d+)");
        assertEquals(List.of(), Yaml.problems(ports(room / 4)));
        assertEquals(List.of("2028 2:17"), Yaml.problems(ports(room / 4 + 1)));
    }

    private static String ports(int count) {
        String ports = IntStream.rangeClosed(1, count).mapToObj(String::valueOf).collect(Collectors.joining(", "));
        return "ebpf: {vips: [\n         {name: a, addresses: [10.0.0.9, \"fd00::9\"], ports: [" + ports
                + "], upstream: default}], backends: [{address: 10.0.0.1, port: 80}, {address: \"fd00::1\", port: 80}]}\n";
    }

    @Test
    void aVipTakesALookupTableForEachFamily() throws IOException {
        int room = room("include/loom/abi.h", "#define LOOM_TABLES (\\d+)");
        int most = room / 4;
        assertEquals(List.of(), Yaml.problems(vips(most, "")));
        assertEquals(List.of("2028 " + (most + 2) + ":10"), Yaml.problems(vips(most + 1, "")));
        assertEquals(List.of("2028 " + (most + 1) + ":10"), Yaml.problems(vips(most, "protocols: {tcp: {ports: 80}}")),
                "that of the interface's addresses");
    }

    private static String vips(int count, String xdp) {
        return "ebpf: {interface: eth0, xdp: {" + xdp + "}, vips: [\n" + IntStream.range(0, count)
                .mapToObj(i -> "  {name: v%d, addresses: [10.1.%d.%d, \"fd00::%x\"], ports: 80, upstream: default}"
                        .formatted(i, i / 250, i % 250 + 1, i + 2))
                .collect(Collectors.joining(",\n")) + "],\n backends: [{address: 10.0.0.1, port: 80}, {address: \"fd00::1\", port: 80}]}\n";
    }
}
