package io.loom.observe;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.loom.api.control.Tracing;
import java.util.Locale;

/** The JSON lines of a trace: flat and with every field always present, so that jq and grep find what they look for. */
public final class TraceJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private TraceJson() {}

    /** One packet. */
    public static String packet(Tracing.Packet packet) {
        Tracing.Headers headers = packet.headers();
        Tracing.Way way = packet.way();
        return JsonText.line(JSON.objectNode()
                .put("time", packet.time().toString())
                .put("interface", packet.device())
                .put("cpu", packet.cpu())
                .put("action", lower(packet.action()))
                .put("verdict", packet.reason())
                .put("kind", lower(headers.kind()))
                .put("protocol", headers.protocol())
                .put("source", headers.source())
                .put("source_port", headers.sourcePort())
                .put("destination", headers.destination())
                .put("destination_port", headers.destinationPort())
                .put("tcp_flags", headers.tcpFlags())
                .put("length", headers.length())
                .put("listener", way.listener())
                .put("vip", way.vip())
                .put("backend", way.backend())
                .put("sent_to", way.sentTo())
                .put("bytes_in", packet.bytesIn())
                .put("bytes_out", packet.bytesOut()));
    }

    /** While nothing comes: shows who waits that the trace goes on. */
    public static String running(long packets, long lost) {
        return sum("running", packets, lost);
    }

    /** The last line. */
    public static String end(long packets, long lost) {
        return sum("end", packets, lost);
    }

    private static String sum(String name, long packets, long lost) {
        var line = JSON.objectNode();
        line.putObject(name).put("packets", packets).put("lost", lost);
        return JsonText.line(line);
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
