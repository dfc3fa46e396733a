package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What an operator sees who asks for a trace while clients come. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TraceIT extends LabTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration BEGUN = Duration.ofSeconds(15);
    private static final Duration OVER = Figure.within(Duration.ofSeconds(6));

    TraceIT() {
        super("trace");
    }

    @BeforeAll
    void start() {
        startWith(Configurations.web("nat", List.of("backend1", "backend2")));
    }

    /** Begins a trace, and waits until the program writes. */
    private Background trace(String query) {
        Background curl = Background.start(lab.lineOn("balancer", List.of("curl", "-sSN", "http://localhost:9091/ebpf/trace?" + query)));
        Await.until("the trace begins", BEGUN, pins::tracing, () -> query);
        return curl;
    }

    private static List<JsonNode> lines(String output) {
        List<JsonNode> lines = new ArrayList<>();
        output.lines().forEach(line -> {
            try {
                lines.add(JSON.readTree(line));
            } catch (JsonProcessingException e) {
                throw new AssertionError("not JSON: " + line, e);
            }
        });
        return lines;
    }

    private static List<JsonNode> packets(String output) {
        return lines(output).stream().filter(line -> line.has("verdict")).toList();
    }

    private static JsonNode end(String output) {
        List<JsonNode> lines = lines(output);
        return lines.get(lines.size() - 1).path("end");
    }

    private void visit() {
        lab.on("client", "curl", "-sS", "-m", "5", "http://" + Lab.VIP4 + "/").succeeded();
    }

    @Test
    @Order(1)
    void aRequestShowsPacketByPacketBothWays() {
        Background trace = trace("duration=3s&address=" + Lab.CLIENT4);
        visit();
        String output = trace.end();
        List<JsonNode> packets = packets(output);
        JsonNode first = packets.get(0);
        tell("%d packets, the first: %s", packets.size(), first);
        assertEquals("forward", first.path("verdict").asText());
        assertEquals("syn", first.path("tcp_flags").asText());
        assertEquals("web", first.path("vip").asText());
        assertEquals("tcp " + Lab.VIP4 + ":80", first.path("listener").asText());
        assertEquals(Lab.CLIENT4, first.path("source").asText());
        assertEquals("eth0", first.path("interface").asText());
        String backend = first.path("backend").asText();
        assertTrue(backend.equals(Lab.address4("backend1") + ":80") || backend.equals(Lab.address4("backend2") + ":80"), backend);
        JsonNode second = packets.get(1);
        assertEquals("reply", second.path("verdict").asText(), second::toString);
        assertEquals("syn ack", second.path("tcp_flags").asText());
        assertEquals(Lab.CLIENT4, second.path("sent_to").asText());
        assertEquals(backend, second.path("backend").asText());
        assertEquals(packets.size(), end(output).path("packets").asInt());
        assertEquals(0, end(output).path("lost").asInt());
        assertFalse(pins.tracing(), "after the end");
    }

    @Test
    @Order(2)
    void filtersAndLimitHold() {
        Background replies = trace("duration=10&verdict=reply&limit=2");
        visit();
        List<JsonNode> packets = packets(replies.end());
        assertEquals(2, packets.size());
        packets.forEach(packet -> assertEquals("reply", packet.path("verdict").asText()));
        Background stranger = trace("duration=1500ms&address=203.0.113.99");
        visit();
        String output = stranger.end();
        assertEquals(List.of(), packets(output));
        assertTrue(lines(output).get(0).has("running"), output);
        Background vip = trace("duration=1s&vip=web");
        visit();
        List<JsonNode> ofVip = packets(vip.end());
        assertTrue(ofVip.size() > 2, ofVip::toString);
        ofVip.forEach(packet -> assertEquals("web", packet.path("vip").asText()));
    }

    @Test
    @Order(3)
    void twoMayLookAndAThirdIsToldToWait() {
        Background one = trace("duration=4s&address=" + Lab.CLIENT4);
        Background two = trace("duration=4s&address=" + Lab.CLIENT4);
        Await.until("a third is refused", BEGUN, () -> rest.get("/ebpf/trace?duration=1s").status() == 429, () -> "");
        assertTrue(rest.get("/ebpf/trace").body().contains("LOOM-3429"));
        visit();
        List<JsonNode> first = packets(one.end());
        List<JsonNode> second = packets(two.end());
        assertTrue(first.size() > 5, first::toString);
        assertEquals(first, second);
        assertEquals(200, rest.get("/ebpf/trace?duration=100ms").status());
    }

    @Test
    @Order(4)
    void theProgramWritesNoMoreWhenTheClientHasLeft() {
        Background gone = trace("duration=60s&address=203.0.113.99");
        gone.stop();
        Duration took = Await.until("it is off", OVER, () -> !pins.tracing(), () -> "");
        tell("off %d ms after the client left", took.toMillis());
    }

    @Test
    @Order(5)
    void whatMakesNoSenseIsRefusedAllAtOnce() {
        Rest.Answer answer = rest.get("/ebpf/trace?duration=61s&address=web1&verdict=drop_everything&vip=none&limit=0&color=red");
        assertEquals(400, answer.status());
        assertEquals(6, answer.json().path("errors").size(), answer.body());
        assertFalse(pins.tracing());
    }

    @Test
    @Order(6)
    void underLoadNothingFailsAndWhatIsLostIsSaid() {
        Load load = Load.on(lab, Lab.VIP4);
        String output = trace("duration=5s").end();
        Load.Report report = load.stop();
        JsonNode end = end(output);
        tell("%d requests in %d s, largest %d ms; the trace: %s", report.requests(), report.seconds(), report.largestMillis(), end);
        assertEquals(0, report.failures(), report.failure());
        assertTrue(end.path("packets").asInt() > 10_000, end::toString);
        assertEquals(end.path("packets").asInt(), packets(output).size());
    }
}
