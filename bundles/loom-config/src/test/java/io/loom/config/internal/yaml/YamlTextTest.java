package io.loom.config.internal.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import io.loom.config.internal.model.ConfigReader;
import io.loom.config.internal.model.Host;
import io.loom.config.internal.model.Reading;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class YamlTextTest {

    static Stream<Arguments> refused() {
        String list = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
        StringBuilder bomb = new StringBuilder(list);
        for (int i = 1; i < 12; i++) {
            bomb.append("- &a").append(i).append(" [").append(("*a" + (i - 1) + ", ").repeat(10)).append("]\n");
        }
        return Stream.of(
                row("nothing", "", "2005 1:1"),
                row("only a comment", "# later\n", "2005 1:1"),
                row("only a document marker", "---\n", "2005 2:1"),
                row("null", "~\n", "2005 1:1"),
                row("only tags", "!!!!!!\n", "2012 1:1"),
                row("tagged section", "ebpf: !secret {}\n", "2012 1:7"),
                row("tab", "ebpf:\n\tenabled: true\n", "2004 2:1"),
                row("tab before a section's first key", "ebpf:\n \tenabled: true\n", "2004 2:2"),
                row("tab between a dash and a section", "ebpf:\n  vips:\n    -\tname: a\n", "2004 3:6"),
                row("tab between two dashes", "ebpf:\n  vips:\n    -\t- a\n", "2004 3:6"),
                row("section in the line of its key after a tab", "ebpf:\tenabled: true\n", "2004 1:"),
                row("open bracket", "ebpf:\n  interface: [eth0\n", "2004 3:1"),
                row("open quote", "ebpf:\n  interface: \"eth0\n", "2004 3:1"),
                row("bad indentation", "ebpf:\n  enabled: true\n   mode: xdp\n", "2004 3:8"),
                row("two documents", "ebpf:\n---\nadmin:\n", "2004 2:1"),
                row("unknown alias", "ebpf: *nowhere\n", "2004 1:7"),
                row("control character", "ebpf:\n  mode: x\u0001p\n", "2004 2:10"),
                row("deep", "ebpf: " + "[".repeat(100_000), "2006 1:38"),
                row("aliases", bomb.toString(), "2006 1:1"),
                row("many values by aliases", "ebpf:\n  backends: &b [" + "{address: 10.0.0.1, port: 80},".repeat(9000) + "]\n  vips:\n"
                        + "  - {backends: *b}\n".repeat(20), "2006"),
                row("many values", "ebpf: [" + "1,".repeat(YamlText.MAX_EVENTS) + "]", "2006 1:599998"),
                row("too large", "#".repeat(YamlText.MAX_BYTES + 1), "2002 1:1"));
    }

    private static Arguments row(String name, String text, String problem) {
        return Arguments.of(name, text, problem);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void isRefusedWithItsPlace(String name, String text, String problem) {
        List<String> problems = problems(text.getBytes(StandardCharsets.UTF_8));
        assertTrue(problems.stream().anyMatch(found -> found.startsWith(problem)), problems.stream().limit(5).toList().toString());
    }

    @ParameterizedTest
    @MethodSource("encodings")
    void encodingsOtherThanUtf8AreNamed(byte[] bytes, String problem) {
        assertEquals(List.of(problem), problems(bytes));
    }

    static Stream<Arguments> encodings() {
        return Stream.of(
                Arguments.of("ebpf:\n  # caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1), "2003 2:8"),
                Arguments.of("ebpf: {}\n".getBytes(StandardCharsets.UTF_16), "2003 1:1"),
                Arguments.of(new byte[] {'a', (byte) 0xf0, (byte) 0x9f}, "2003 1:2"));
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void formsOfGoodTextAreRead(String text) {
        assertEquals(List.of(), problems(text.getBytes(StandardCharsets.UTF_8)));
    }

    static Stream<String> accepted() {
        return Stream.of("\uFEFFebpf:\n  enabled: true\n", "ebpf:\r\n  enabled: true\r\n  mode: xdp\r\n", "%YAML 1.2\n---\nebpf: {}\n...\n",
                "ebpf: {backends: [&b {address: 10.0.0.1, port: 80}]}\nupstreams: [{name: u, servers: [*b]}]\n", "{\"ebpf\": {\"enabled\": true}}");
    }

    @ParameterizedTest
    @MethodSource("tabs")
    void aTabThatIndentsNothingIsAsGoodAsASpace(String text) {
        assertEquals(List.of(), problems(text.getBytes(StandardCharsets.UTF_8)), text);
        assertEquals(config(text.replace("\t", " ")), config(text), text);
    }

    static Stream<String> tabs() {
        return Stream.of("ebpf:\n  enabled:\ttrue\n  mode: \txdp\n  xdp_mode:\t \tgeneric\t\n",
                "ebpf:\t\n  enabled:\ttrue\n", "ebpf:\t# all\n  mode:\t'xdp'\t# fast\n", "ebpf\t:\n  \"mode\"\t:\txdp\n",
                "ebpf:\n  interface:\n    -\teth0\n    - \teth1\n", "ebpf:\t{mode:\txdp,\txdp_mode\t:\tgeneric\t}\n", "? ebpf\n:\t{mode: xdp}\n",
                "ebpf:\n  interface:\n    - \"eth0\"\n\t\n    - \"eth1\"\n", "ebpf:\n  mode: xdp\n\t# later\n \t \n  enabled:\ttrue\n\t",
                "ebpf:\r\n  mode:\txdp\t\r\n\t\r\n  enabled:\ttrue\r\n",
                "ebpf:\n  backends:\n    - address:\t10.0.0.1\n      port:\t80\n  acl: {deny:\t[10.0.0.0/8,\t192.0.2.0/24]}\n",
                "# \uD83E\uDDF5\nebpf:\n  mode:\txdp\n");
    }

    /** Thousands of them must not make a file slow. */
    @Test
    void aFileFullOfTabsIsRead() {
        StringBuilder text = new StringBuilder("ebpf:\n  acl:\n    deny:\t# all of these\n");
        for (int i = 0; i < 5_000; i++) {
            text.append("    -\t10.0.").append(i / 250).append('.').append(i % 250 + 1).append("/32\n");
        }
        assertTimeoutPreemptively(Duration.ofSeconds(30), () ->
                assertEquals(List.of(), problems(text.toString().getBytes(StandardCharsets.UTF_8))));
    }

    /** But for the columns of warnings, which a tab and a space count alike. */
    private static LoomConfig config(String text) {
        return new ConfigReader("f", (path, limit) -> Files.readAllBytes(path), () -> new Host(Optional.empty(), Set.of()), Optional.empty()).read(text.getBytes(StandardCharsets.UTF_8)).config().orElseThrow();
    }

    private static Reading read(byte[] bytes) {
        return new ConfigReader("f", (path, limit) -> Files.readAllBytes(path), () -> new Host(Optional.empty(), Set.of()), Optional.empty()).read(bytes);
    }

    private static List<String> problems(byte[] bytes) {
        return read(bytes).problems().stream().map(problem -> problem.code().substring(5) + problem.where().replaceFirst("^f:", " ")).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ebpf:\\n\\tenabled: true\\n | indent with spaces, not tabs",
        "ebpf:\\n  vips:\\n    -\\t- a\\n | indent with spaces, not tabs",
        "ebpf:\\n---\\nadmin:\\n | keep one document, without ---",
        "ebpf:\\n  enabled: true\\n   mode: xdp\\n | check indentation, quotes and colons there and in the line above",
        "ebpf:\\n  mode: x\u0001p\\n | remove it"
    })
    void howToMendIsSaid(String text, String fix) {
        Problem problem = read(text.replace("\\n", "\n").replace("\\t", "\t").getBytes(StandardCharsets.UTF_8)).problems().get(0);
        assertEquals(fix, problem.fix());
        assertFalse(problem.what().isEmpty());
    }

    @Test
    void asManyBytesAsThereMayBeAreRead() {
        assertEquals(List.of("2005 1:1"), problems("#".repeat(YamlText.MAX_BYTES).getBytes(StandardCharsets.UTF_8)));
    }
}
