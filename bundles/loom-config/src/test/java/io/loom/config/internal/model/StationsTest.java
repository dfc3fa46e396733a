package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.MacAddress;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** MAC addresses that are accepted beside the interfaces' own. */
class StationsTest {
    private static final String YAML = "ebpf:\n  xdp:\n    interface: eth0\n    accept_macs: %s\n";

    private static List<String> macs(String value) {
        return Yaml.good(YAML.formatted(value)).attachment().acceptMacs().stream().map(MacAddress::text).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[00:00:5e:00:01:0a] | 00:00:5e:00:01:0a", "00:00:5E:00:01:0A | 00:00:5e:00:01:0a", "[10:20:30:40:50:10] | 10:20:30:40:50:10",
        "[\"00:00:5e:00:02:01\"] | 00:00:5e:00:02:01"})
    void eachFormOfOneIsTaken(String value, String mac) {
        assertEquals(List.of(mac), macs(value));
    }

    @Test
    void severalKeepTheirOrderAndNoneIsTheDefault() {
        assertEquals(List.of("00:00:5e:00:01:02", "00:00:5e:00:01:01"), macs("[00:00:5e:00:01:02, 00:00:5e:00:01:01]"));
        assertEquals(List.of(), macs("[]"));
        assertEquals(List.of(), Yaml.good("ebpf:\n  interface: eth0\n").attachment().acceptMacs());
    }

    @ParameterizedTest
    @ValueSource(strings = {"00:00:5e:00:01", "00:00:5e:00:01:0a:0b", "00-00-5e-00-01-0a", "0000.5e00.010a", "00:00:5e:00:01:g1", "eth0", "12"})
    void whatIsNoneIsRefusedWithItsPlace(String value) {
        assertEquals(List.of("2016 4:38"), problems("[00:00:5e:00:01:01, " + value + "]"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01"})
    void noStationHasThese(String value) {
        assertEquals(List.of("2026 4:18"), problems(value));
    }

    @Test
    void oneThatStandsTwiceIsRefusedHoweverItIsWritten() {
        assertEquals(List.of("2020 4:38"), problems("[00:00:5e:00:01:0a, 00:00:5E:00:01:0A]"));
    }

    @Test
    void thereIsRoomForSixteen() {
        assertEquals(16, macs(many(16)).size());
        assertEquals(List.of("2028 4:323"), problems(many(17)));
        assertEquals(List.of("2028 4:323"), problems(many(18)), "said once");
    }

    private static String many(int count) {
        return IntStream.range(0, count).mapToObj(i -> "02:00:00:00:00:" + String.format("%02x", i)).collect(Collectors.joining(", ", "[", "]"));
    }

    private static List<String> problems(String value) {
        return Yaml.problems(YAML.formatted(value));
    }
}
