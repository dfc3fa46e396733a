package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.config.DsrSettings;
import io.loom.api.config.NatSettings;
import io.loom.api.plugin.MethodOptions;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options of the forwarding methods. */
class OptionsTest {

    private static Optional<Prefix> network(String address, int length) {
        return Optional.of(new Prefix(IpAddress.parse(address).orElseThrow(), length));
    }

    @Test
    void absentSectionsMeanTheDefaults() {
        assertEquals(DsrSettings.DEFAULT, Yaml.good("ebpf:").dsr());
        assertEquals(NatSettings.DEFAULT, Yaml.good("ebpf:").nat());
    }

    @Test
    void encapsulationsTakeAPortAndNetworksOfOuterSources() {
        String yaml = "ebpf: {xdp: {dsr: {%sgue_port: 6081, source_prefixes: [172.16.0.0/16, \"fd00:1::/64\"]}}}";
        DsrSettings expected = new DsrSettings(6081, network("172.16.0.0", 16), network("fd00:1::", 64));
        assertEquals(expected, Yaml.good(yaml.formatted("")).dsr());
        assertEquals(new MethodOptions(6081, network("172.16.0.0", 16), network("fd00:1::", 64), List.of()),
                Yaml.good(yaml.formatted("")).methodOptions());
        assertEquals(expected, Yaml.good(yaml.formatted("enabled: false, ")).dsr());
        assertEquals(Optional.empty(), Yaml.good("ebpf: {xdp: {dsr: {source_prefixes: 10.0.0.0/8}}}").dsr().prefix6());
    }

    @Test
    void natTakesSourceAddresses() {
        NatSettings nat = Yaml.good("ebpf: {xdp: {nat: {source_addresses: [10.0.0.5, \"2001:db8::5\"], assign: false}}}").nat();
        assertEquals(List.of("10.0.0.5", "2001:db8::5"), nat.sourceAddresses().stream().map(IpAddress::format).toList());
        assertFalse(nat.assign());
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.,15,true", "10.0.0.,16,false", "fd00::,15,true", "fd00::,16,false"})
    void aFamilyHasAtMostFifteenSources(String prefix, int count, boolean good) {
        List<String> addresses = IntStream.rangeClosed(1, count).mapToObj(i -> '"' + prefix + i + '"').toList();
        String yaml = "ebpf: {xdp: {nat: {source_addresses: [" + String.join(", ", addresses) + ", 192.0.2.1]}}}".replace(
                prefix.startsWith("10") ? ", 192.0.2.1" : "none", "");
        assertEquals(good, Yaml.problems(yaml).isEmpty());
    }
}
