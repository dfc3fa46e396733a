package io.loom.datapath.internal.layout;

import io.loom.api.Family;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * A record of the ring loom_trace: what became of one packet. Addresses, ports and signals as it came in.
 *
 * @param time        bpf_ktime_get_ns
 * @param source      empty: no IP
 * @param destination empty: no IP
 * @param sentTo      destination of the frame as it left; empty: it did not leave
 * @param backend     number; 0: none
 * @param signals     LOOM_SIGNAL_*
 * @param fragment    enum loom_fragment_kind
 * @param related     an ICMP error, and the headers are those that it quotes
 */
public record TraceRecord(
        long time, int ifindex, int cpu, int verdict, int backend, long bytesIn, long bytesOut, Optional<InetAddress> source,
        Optional<InetAddress> destination, Optional<InetAddress> sentTo, int sourcePort, int destinationPort, int length,
        int protocol, int signals, int fragment, boolean related) {

    private static final Field TIME = new Field("time", 0, 8);
    private static final Field SOURCE = new Field("source", 8, 16);
    private static final Field DESTINATION = new Field("destination", 24, 16);
    private static final Field SENT_TO = new Field("sent_to", 40, 16);
    private static final Field IFINDEX = new Field("ifindex", 56, 4);
    private static final Field CPU = new Field("cpu", 60, 4);
    private static final Field VERDICT = new Field("verdict", 64, 4);
    private static final Field BACKEND = new Field("backend", 68, 4);
    private static final Field BYTES_IN = new Field("bytes_in", 72, 4);
    private static final Field BYTES_OUT = new Field("bytes_out", 76, 4);
    private static final Field SOURCE_PORT = new Field("source_port", 80, 2);
    private static final Field DESTINATION_PORT = new Field("destination_port", 82, 2);
    private static final Field LENGTH = new Field("length", 84, 2);
    private static final Field FAMILY = new Field("family", 86, 1);
    private static final Field PROTOCOL = new Field("protocol", 87, 1);
    private static final Field SIGNALS = new Field("signals", 88, 1);
    private static final Field FRAGMENT = new Field("fragment", 89, 1);
    private static final Field RELATED = new Field("related", 90, 1);
    private static final Field SENT_FAMILY = new Field("sent_family", 91, 1);
    static final StructLayout LAYOUT = new StructLayout(
            "loom_trace_record", 96, TIME, SOURCE, DESTINATION, SENT_TO, IFINDEX, CPU, VERDICT, BACKEND, BYTES_IN, BYTES_OUT,
            SOURCE_PORT, DESTINATION_PORT, LENGTH, FAMILY, PROTOCOL, SIGNALS, FRAGMENT, RELATED, SENT_FAMILY);

    public static TraceRecord decode(byte[] record) {
        ByteBuffer struct = LAYOUT.at(record);
        return new TraceRecord(
                TIME.get(struct), (int) IFINDEX.get(struct), (int) CPU.get(struct), (int) VERDICT.get(struct),
                (int) BACKEND.get(struct), BYTES_IN.get(struct), BYTES_OUT.get(struct), address(struct, SOURCE, FAMILY),
                address(struct, DESTINATION, FAMILY), address(struct, SENT_TO, SENT_FAMILY), SOURCE_PORT.getPort(struct),
                DESTINATION_PORT.getPort(struct), (int) LENGTH.get(struct), (int) PROTOCOL.get(struct),
                (int) SIGNALS.get(struct), (int) FRAGMENT.get(struct), RELATED.get(struct) != 0);
    }

    private static Optional<InetAddress> address(ByteBuffer struct, Field field, Field family) {
        return Arrays.stream(Family.values()).filter(known -> known.version() == family.get(struct)).findFirst()
                .map(known -> Addresses.get(struct, field, known));
    }
}
