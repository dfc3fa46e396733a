package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.Problem;
import io.loom.api.config.Acl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From which sources connections may begin. */
class AclTest {
    @TempDir
    Path directory;

    private static Acl acl(String section) {
        return Yaml.good("ebpf: {interface: eth0, acl: {" + section + "}}").acl();
    }

    private static Prefix prefix(String text) {
        String[] parts = text.split("/");
        return new Prefix(IpAddress.parse(parts[0]).orElseThrow(), Integer.parseInt(parts[1]));
    }

    private Path list(String text) throws IOException {
        return Files.writeString(directory.resolve("list"), text);
    }

    @Test
    void withoutRulesNobodyIsAskedFor() {
        assertEquals(Acl.NONE, Yaml.good("ebpf: {interface: eth0}").acl());
        assertEquals(Acl.NONE, acl("default: allow"));
        assertEquals(Acl.NONE, acl("enabled: false, deny: 10.0.0.0/8"));
    }

    @Test
    void theFileNamesNetworksAndWhatCountsForAllOthers() {
        assertEquals(new Acl(Map.of(prefix("10.0.0.0/8"), true, prefix("10.1.0.0/16"), false, prefix("2001:db8::/32"), true)),
                acl("allow: 10.1.0.0/16, deny: [10.0.0.0/8, \"2001:db8::/32\"]"));
        assertEquals(new Acl(Map.of(prefix("0.0.0.0/0"), true, prefix("::/0"), true, prefix("10.0.0.0/8"), false)),
                acl("default: deny, allow: 10.0.0.0/8"));
        assertEquals(new Acl(Map.of(prefix("0.0.0.0/0"), false, prefix("::/0"), true)), acl("default: deny, allow: 0.0.0.0/0"));
    }

    @Test
    void aListHasARuleALine() throws IOException {
        Path list = list("# spoofers\ndeny 192.0.2.0/24   # all of it\n\n  allow\t192.0.2.7\ndeny 2001:db8::/32\r\ndeny 2001:db8::1\n");
        assertEquals(new Acl(Map.of(prefix("192.0.2.0/24"), true, prefix("192.0.2.7/32"), false, prefix("2001:db8::/32"), true,
                prefix("2001:db8::1/128"), true, prefix("10.0.0.0/8"), true)), acl("deny: 10.0.0.0/8, file: " + list));
    }

    @Tag("size")
    @Test
    void aListCanHaveAHundredThousandNetworks() throws IOException {
        String text = IntStream.range(0, 100_000).mapToObj(i -> "deny 10." + (i >> 12 & 255) + "." + (i >> 4 & 255) + "." + (i << 4 & 255) + "/28\n")
                .collect(Collectors.joining());
        assertEquals(100_000, acl("file: " + list(text)).rules().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"deny", "drop 10.0.0.0/8", "deny 10.0.0.1/8", "deny 10.0.0.0/33", "deny 10.0.0.0/8 10.0.0.0/9", "10.0.0.0/8"})
    void aLineThatIsNoRuleIsAnError(String line) throws IOException {
        Path list = list("allow 10.2.0.0/16\n" + line + "\n");
        assertEquals(List.of("2030" + list + ":2:1"), Yaml.problems("ebpf: {acl: {file: " + list + "}}"));
    }

    @Test
    void aListThatCannotBeReadIsAnError() {
        assertEquals(List.of("2030 1:20"), Yaml.problems("ebpf: {acl: {file: " + directory.resolve("none") + "}}"));
    }

    @Test
    void aNetworkCannotBeAllowedAndDenied() throws IOException {
        assertEquals(List.of("2022 1:39"), Yaml.problems("ebpf: {acl: {allow: 10.0.0.0/8, deny: 10.0.0.0/8}}"));
        Path list = list("allow 10.0.0.0/8\nallow 10.0.0.0/8\ndeny 10.0.0.0/8\n");
        assertEquals(List.of("2022" + list + ":3:1"), Yaml.problems("ebpf: {acl: {file: " + list + "}}"));
    }

    @Test
    void ofAHopelessListOnlySomeProblemsAreShown() throws IOException {
        Path list = list("nonsense\n".repeat(500));
        int shown = Yaml.problems("ebpf: {acl: {file: " + list + "}}").size();
        assertEquals(20, shown);
        assertEquals(List.of("2030" + list + ":301:1"), Yaml.problems("ebpf: {acl: {file: " + list(networks(300) + "nonsense\n") + "}}"), "good lines do not count");
    }

    private static String networks(int count) {
        return IntStream.range(0, count).mapToObj(i -> "deny 10." + i / 250 + "." + i % 250 + ".0/24\n").collect(Collectors.joining());
    }

    @Test
    void aListIsReadToItsEnd() throws IOException {
        assertEquals(300, acl("file: " + list(networks(300))).rules().size());
    }

    @Test
    void whatContradictsSaysWhatItIsAndWhatItWas() throws IOException {
        Path list = list("allow 10.0.0.0/8\n");
        Problem denied = Yaml.read("ebpf: {acl: {deny: 10.0.0.0/8, file: " + list + "}}").problems().get(0);
        assertEquals("10.0.0.0/8 is allowed", denied.what());
        assertEquals("at f:1:20 it is denied", denied.why());
        list("deny 10.0.0.0/8\n");
        Problem allowed = Yaml.read("ebpf: {acl: {allow: 10.0.0.0/8, file: " + list + "}}").problems().get(0);
        assertEquals("10.0.0.0/8 is denied", allowed.what());
        assertEquals("at f:1:21 it is allowed", allowed.why());
    }
}
