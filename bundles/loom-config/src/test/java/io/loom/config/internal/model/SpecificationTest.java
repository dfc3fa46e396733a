package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.config.Admin;
import io.loom.api.config.Attachment;
import io.loom.api.config.Conntrack;
import io.loom.api.config.DsrSettings;
import io.loom.api.config.HealthCheck;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.config.NatSettings;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The YAML of the specification, copied as it stands there. */
class SpecificationTest {
    private static final Path EXAMPLES = Path.of("src/test/resources/spec");

    static Stream<Path> examples() throws IOException {
        return Files.list(EXAMPLES).sorted();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleLoads(Path example) throws IOException {
        assertEquals(List.of(), Yaml.reader(Yaml.HOST).read(Files.readAllBytes(example)).problems());
    }

    @Test
    void allSixteenExamplesAreHere() throws IOException {
        assertEquals(16, examples().count());
    }

    @Test
    void theCompleteExampleMeansExactlyThis() throws IOException {
        LoomConfig config = Yaml.good(Files.readString(EXAMPLES.resolve("16-complete-example.yaml")));
        Duration five = Duration.ofMinutes(5);
        LoomConfig expected = new LoomConfig(true,
                new Attachment(List.of("eth0"), Attachment.Mode.NATIVE, false),
                new Conntrack(true, five, five, Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(60),
                        Duration.ofSeconds(120), true, five, five),
                new MapSettings(new MapSettings.Setting(10_000, "array"), new MapSettings.Setting(1_000_000, "cache"),
                        new MapSettings.Setting(256, "percpu_array")),
                NatSettings.DEFAULT, DsrSettings.DEFAULT, IcmpSettings.DEFAULT,
                List.of(new Vip("default", List.of(), true,
                        List.of(new Vip.Service(Protocol.TCP, 80), new Vip.Service(Protocol.TCP, 443)), "maglev", 65537, "nat",
                        "default", false, new Vip.Connections(false, true, false))),
                List.of(new Upstream("default", List.of(server("10.0.1.10"), server("10.0.1.11")),
                        Optional.of(new HealthCheck(Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3, OptionalInt.empty())))),
                new Admin(new InetSocketAddress("127.0.0.1", 9091), new InetSocketAddress("127.0.0.1", 8101)),
                config.warnings());
        assertEquals(expected, config);
        assertEquals(List.of("LOOM-2104"), config.warnings().stream().map(warning -> warning.code()).toList());
    }

    private static Upstream.Server server(String address) {
        return new Upstream.Server(OptionalInt.empty(), new Endpoint(IpAddress.parse(address).orElseThrow(), 8080), 100, true);
    }

    @Test
    void theShippedFileIsGoodAndAttachesNowhere() throws IOException {
        LoomConfig config = Yaml.good(Files.readString(Path.of("../../etc/loom.yaml")));
        assertEquals(List.of(), config.attachment().interfaces());
        assertEquals(List.of("LOOM-2102"), config.warnings().stream().map(warning -> warning.code()).toList());
    }

    @Test
    void theShippedFileIsAlsoGoodWithItsExamplesUncommented() throws IOException {
        String text = Files.readString(Path.of("../../etc/loom.yaml")).lines()
                .map(line -> line.matches("\\s*# *(- |[a-z_]+:( .*)?$).*") ? line.replaceFirst("# ", "") : line)
                .reduce("", (before, line) -> before + line + "\n");
        LoomConfig config = Yaml.good(text);
        assertEquals(List.of("default", "web"), config.vips().stream().map(Vip::name).toList());
        assertEquals(List.of("default", "web"), config.upstreams().stream().map(Upstream::name).toList());
        assertEquals(List.of("eth0"), config.attachment().interfaces());
    }

    @Test
    void theExamplesOfTheReferenceAreGood() throws IOException {
        String page = Files.readString(Path.of("../../docs/reference-yaml.md"));
        List<String> examples = Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL).matcher(page).results()
                .map(match -> match.group(1)).toList();
        assertFalse(examples.isEmpty());
        examples.forEach(example -> assertEquals(List.of(), Yaml.good(example).warnings()));
    }
}
