package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real clients of every forwarding method over IPv4 and IPv6, all of them vips of one appliance. */
class WaysIT extends LabTest {
    private static final int QUESTIONS = 30;
    /** Of iperf3's report. */
    private static final List<String> DIRECTIONS = List.of("sum", "sum_bidir_reverse");

    WaysIT() {
        super("ways");
    }

    @BeforeAll
    void start() {
        startWith(Way.configuration("maglev"));
    }

    static List<Way> ways() {
        return Way.all();
    }

    @ParameterizedTest
    @MethodSource("ways")
    void dnsOverUdpAndTcpIsAnsweredByAllBackends(Way way) {
        assertEquals(Lab.BACKENDS, Dig.names(lab, way.address(), QUESTIONS, "+notcp").stream().distinct().sorted().toList());
        assertEquals(Lab.BACKENDS, Dig.names(lab, way.address(), QUESTIONS, "+tcp").stream().distinct().sorted().toList());
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aHundredMegabytesArriveUnchangedInBothDirections(Way way) {
        Path bulk = lab.run().resolve("bulk");
        String sum = Transfer.checksum(bulk);
        long start = System.nanoTime();
        assertEquals(sum, Transfer.down(lab, way, Transfer.BULK, 0).checksum(), "down");
        long middle = System.nanoTime();
        assertEquals(sum, Transfer.up(lab, way, bulk, 0).checksum(), "up");
        tell("%s: 100 MB down in %d ms, up in %d ms", way, (middle - start) / 1_000_000, (System.nanoTime() - middle) / 1_000_000);
    }

    /** iperf3 controls by TCP what it measures by UDP: connection affinity leads both to one backend. */
    @ParameterizedTest
    @MethodSource("ways")
    void iperf3MeasuresTcpAndUdpInBothDirections(Way way) {
        JsonNode tcp = iperf(way, "-b", "100M").path("end");
        long sent = tcp.path("sum_received").path("bytes").asLong();
        long back = tcp.path("sum_received_bidir_reverse").path("bytes").asLong();
        assertTrue(sent > 1_000_000 && back > 1_000_000, tcp::toString);
        JsonNode udp = datagrams(way, 50, "-b", "2M", "-l", "1200");
        tell("%s: iperf3 TCP %d and %d kB, UDP %d datagrams, none lost", way, sent / 1000, back / 1000,
                udp.path("sum").path("packets").asLong() + udp.path("sum_bidir_reverse").path("packets").asLong());
    }

    /** Answers of 3.9 kB by dig, and datagrams of 4 kB both ways by iperf3: the client's kernel cuts and joins, and so does the backend's. */
    @ParameterizedTest
    @MethodSource("ways")
    void datagramsOfFourKilobytesTravelInFragmentsInBothDirections(Way way) {
        if (way.encapsulates()) {
            lab.on("client", "ip", "route", "replace", way.address() + (way.ipv6() ? "/128" : "/32"), "dev", "eth0", "mtu", "1400")
                    .succeeded();
        }
        long cut = fragments(way, "FragCreates");
        long joined = fragments(way, "ReasmOKs");
        List<String> answers = Dig.large(lab, way.address(), QUESTIONS);
        assertTrue(fragments(way, "ReasmOKs") >= joined + QUESTIONS, "answers in fragments");
        datagrams(way, 30, "-b", "2M", "-l", "4000");
        assertTrue(verdicts().keySet().stream().noneMatch(reason -> reason.contains("drop_fragment")), () -> verdicts().toString());
        long sent = fragments(way, "FragCreates") - cut;
        assertTrue(sent > 90, "questions in fragments: " + sent);
        assertEquals(Lab.BACKENDS, answers.stream().distinct().sorted().toList());
        tell("%s: %d answers of 3.9 kB, %d fragments sent, %d datagrams joined, none lost", way, answers.size(), sent,
                fragments(way, "ReasmOKs") - joined);
    }

    /**
     * Datagrams both ways, of which none is lost on the way. On a busy host whoever sends them catches up with what it has missed, and whoever reads
     * them is late, so that its socket overflows: those have arrived, and are not counted. At 2 Mbit/s it takes 400 ms for that.
     */
    private JsonNode datagrams(Way way, int least, String... options) {
        long before = overflowed();
        JsonNode end = iperf(way, Stream.concat(Stream.of("-u"), Stream.of(options)).toArray(String[]::new)).path("end");
        long lost = 0;
        for (String direction : DIRECTIONS) {
            assertTrue(end.path(direction).path("packets").asLong() > least, end::toString);
            lost += end.path(direction).path("lost_packets").asLong();
        }
        long late = overflowed() - before;
        assertTrue(lost <= late, lost + " lost, " + late + " of them by sockets: " + verdicts() + end);
        return end;
    }

    /** Datagrams that found no room in the socket that they are for. */
    private long overflowed() {
        return Stream.concat(Stream.of("client"), Lab.BACKENDS.stream())
                .map(host -> lab.on(host, "nstat", "-asz", "UdpRcvbufErrors", "Udp6RcvbufErrors").succeeded())
                .flatMap(String::lines).filter(line -> line.startsWith("Udp")).mapToLong(line -> Long.parseLong(line.split("\\s+")[1])).sum();
    }

    private Map<String, Double> verdicts() {
        return rest.metrics().entrySet().stream().filter(sample -> sample.getKey().startsWith("loom_ebpf_verdicts_total") && sample.getValue() > 0)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** A counter of fragments of the client's kernel, of the way's family. */
    private long fragments(Way way, String name) {
        String counters = lab.on("client", "nstat", "-asz", (way.ipv6() ? "Ip6" : "Ip") + name).succeeded();
        return counters.lines().filter(line -> line.contains(name)).mapToLong(line -> Long.parseLong(line.split("\\s+")[1]))
                .findFirst().orElseThrow();
    }

    private JsonNode iperf(Way way, String... options) {
        String[] line = Stream.concat(Stream.of("iperf3", "-J", "-t", "1", "--bidir", "-c", way.address()), Stream.of(options))
                .toArray(String[]::new);
        String told = lab.on("client", line).succeeded();
        return new Rest.Answer(200, told.substring(told.indexOf('{'))).json(); // a warning about fragments may come before
    }
}
