package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.PortRange;
import io.loom.api.Problem;
import io.loom.api.plugin.SourcePorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalPortsTest {
    @TempDir
    private Path settings;
    private final Readings readings = new Readings();
    private final Meta meta = Meta.create();

    @BeforeEach
    void defaults() throws IOException {
        set("32768\t60999", "");
    }

    @AfterEach
    void end() {
        meta.close();
    }

    private void set(String range, String reserved) throws IOException {
        Files.writeString(settings.resolve("ip_local_port_range"), range + "\n");
        Files.writeString(settings.resolve("ip_local_reserved_ports"), reserved + "\n");
    }

    private LocalPorts open(boolean adopted) {
        return new LocalPorts(settings, readings, meta, adopted);
    }

    private static SourcePorts ports(int first, int last, int everFirst, int everLast) {
        return new SourcePorts(new PortRange(first, last), new PortRange(everFirst, everLast));
    }

    private List<String> codes() {
        return readings.problems().stream().map(Problem::code).toList();
    }

    @ParameterizedTest
    @CsvSource({
        "32768 60999, '', 1024, 32767", "1024 30000, '', 30001, 65535", "1 20000, '', 20001, 65535", "1 500, '', 1024, 65535",
        "40001 65535, '', 1024, 40000", "10000 65000, '', 1024, 9999", "1024 65535, '', 33280, 65535",
        "1024 65535, '40000-50000,8080', 40000, 50000", "10000 65000, '8000-8100,60000-65000', 1024, 9999",
        "2000 65000, '60000-65000', 60000, 65535", "1024 65535, '80', 33280, 65535", "1024 65535, '33280', 33280, 33280"})
    void theLargestRunOfPortsIsTakenThatIsNotTheHosts(String range, String reserved, int first, int last) throws IOException {
        set(range.replace(' ', '\t'), reserved);
        assertEquals(ports(first, last, first, last), open(false).ports());
        assertEquals(List.of(), readings.problems());
    }

    @Test
    void aChangeIsFollowedAndConnectionsFromBeforeAreStillKnownAlsoAfterARestart() throws IOException {
        LocalPorts ports = open(false);
        assertFalse(ports.check());
        set("10000\t65000", "");
        assertTrue(ports.check());
        assertEquals(ports(1024, 9999, 1024, 32767), ports.ports());
        assertFalse(ports.check());
        set("1024\t60000", "");
        assertTrue(open(true).ports().ever().contains(32767));
        assertEquals(ports(60001, 65535, 1024, 65535), open(true).ports());
    }

    @Test
    void connectionsOfAnEarlierVersionHaveThePortsOfLinuxsDefault() throws IOException {
        set("10000\t65000", "");
        assertEquals(ports(1024, 9999, 1024, 32767), open(true).ports());
    }

    @ParameterizedTest
    @CsvSource({"3", "60999 32768", "a b", "1024 65536", "''"})
    void whatIsNoRangeIsAProblemUntilItIsOneAndWhatWasBeforeStaysInForce(String nonsense) throws IOException {
        set("10000\t65000", "");
        LocalPorts ports = open(false);
        set(nonsense, "");
        assertFalse(ports.check());
        assertEquals(ports(1024, 9999, 1024, 9999), ports.ports());
        assertEquals(List.of("LOOM-1270"), codes());
        set("10000\t65000", "");
        assertFalse(ports.check());
        assertEquals(List.of(), codes());
    }

    @Test
    void atAStartWithoutSettingsTheDefaultIsTakenAndSaid() throws IOException {
        Files.delete(settings.resolve("ip_local_port_range"));
        assertEquals(SourcePorts.DEFAULT, open(false).ports());
        assertEquals(List.of("LOOM-1270"), codes());
        assertTrue(readings.problems().get(0).text().contains("ports 1024-32767"), () -> readings.problems().toString());
    }

    @Test
    void fewPortsAreAProblemWithTheWayOutUntilThereAreMore() throws IOException {
        set("1024\t65535", "");
        LocalPorts ports = open(false);
        assertEquals("LOOM-1271", ports.problem().orElseThrow().code());
        assertTrue(ports.problem().get().text().contains("1024 65535"));
        assertTrue(ports.problem().get().fix().contains("ip_local_reserved_ports"));
        set("1024\t62000", "");
        ports.check();
        assertTrue(ports.problem().orElseThrow().why().contains("62001-65535 (3535)"), () -> ports.problem().toString());
        set("32768\t60999", "");
        ports.check();
        assertTrue(ports.problem().isEmpty());
    }

    @Test
    void reservedPortsAreListedAsTheKernelPrintsThem() {
        BitSet expected = new BitSet();
        expected.set(80);
        expected.set(8000, 8003);
        assertEquals(expected, LocalPorts.list("80,8000-8002"));
        assertEquals(new BitSet(), LocalPorts.list(""));
        assertThrows(IllegalArgumentException.class, () -> LocalPorts.list("80-"));
    }
}
