package io.loom.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.Problem;
import io.loom.api.Verdict.Action;
import io.loom.api.control.Tracing;
import io.loom.observe.internal.Golden;
import io.loom.observe.internal.TwoOfEach;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every text as a whole, with two of everything: no value may be another's, and nothing be absent. */
class WholeTest {

    private static void assertText(String name, String actual) throws IOException {
        Golden.assertText(WholeTest.class, name, actual);
    }

    @Test
    void views() throws IOException {
        assertText("vips.json", ViewJson.vips(TwoOfEach.vips()));
        assertText("backends.json", ViewJson.backends(TwoOfEach.backends()));
        assertText("plugins.json", ViewJson.plugins(TwoOfEach.plugins()));
        assertText("status.json", ViewJson.status(TwoOfEach.status()));
        assertText("errors.json", ViewJson.errors(List.of(
                new Problem("LOOM-3400", "$.port", "a \"b\"", "c", "d"), new Problem("LOOM-3401", "e", "f", "g", "h"))));
    }

    @Test
    void counters() throws IOException {
        assertText("stats.json", CountersJson.stats(TwoOfEach.counters(), TwoOfEach.status()));
        assertText("backend-stats.json", CountersJson.backends(TwoOfEach.counters(), TwoOfEach.backends()));
    }

    @Test
    void traces() {
        Tracing.Packet packet = new Tracing.Packet(
                Instant.parse("2026-11-30T10:00:00.123456Z"), "eth0", 3, "drop_source_denied", Action.DROP,
                new Tracing.Headers("tcp", "10.9.0.1", 1_001, "10.0.0.1", 1_002, "syn ack", Tracing.Kind.FIRST_FRAGMENT, 1_003),
                new Tracing.Way("tcp 10.0.0.1:80", "web", "10.0.1.1:8001", "10.0.1.9"), 1_004, 1_005);
        assertEquals("{\"time\":\"2026-11-30T10:00:00.123456Z\",\"interface\":\"eth0\",\"cpu\":3,\"action\":\"drop\",\"verdict\":\"drop_source_denied\","
                + "\"kind\":\"first_fragment\",\"protocol\":\"tcp\",\"source\":\"10.9.0.1\",\"source_port\":1001,\"destination\":\"10.0.0.1\","
                + "\"destination_port\":1002,\"tcp_flags\":\"syn ack\",\"length\":1003,\"listener\":\"tcp 10.0.0.1:80\",\"vip\":\"web\","
                + "\"backend\":\"10.0.1.1:8001\",\"sent_to\":\"10.0.1.9\",\"bytes_in\":1004,\"bytes_out\":1005}\n", TraceJson.packet(packet));
        assertEquals("{\"running\":{\"packets\":1,\"lost\":2}}\n", TraceJson.running(1, 2));
        assertEquals("{\"end\":{\"packets\":3,\"lost\":4}}\n", TraceJson.end(3, 4));
    }

    @Test
    void totalsCannotBeChanged() {
        Totals totals = Totals.of(TwoOfEach.counters());
        assertEquals(102 + 105 + 108 + 111, totals.rxBytes());
        assertEquals(103 + 112, totals.txBytes());
        assertEquals(107 + 110, totals.errors().get(ErrorType.NO_BACKEND));
        assertThrows(UnsupportedOperationException.class, () -> totals.packets().clear());
        assertThrows(UnsupportedOperationException.class, () -> totals.errors().clear());
    }
}
