package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/** Value of loom_verdicts, summed over the CPUs. Bytes are frame lengths. */
public record VerdictCount(long packets, long bytesIn, long bytesOut) {
    private static final Field PACKETS = new Field("packets", 0, 8);
    private static final Field BYTES_IN = new Field("bytes_in", 8, 8);
    private static final Field BYTES_OUT = new Field("bytes_out", 16, 8);
    static final StructLayout LAYOUT = new StructLayout("loom_verdict_count", 24, PACKETS, BYTES_IN, BYTES_OUT);

    public static final VerdictCount ZERO = new VerdictCount(0, 0, 0);

    /** @param values of one key: one struct for each CPU, or a single one */
    public static VerdictCount sum(byte[] values) {
        long packets = 0;
        long bytesIn = 0;
        long bytesOut = 0;
        for (int offset = 0; offset + LAYOUT.size() <= values.length; offset += LAYOUT.size()) {
            ByteBuffer struct = LAYOUT.at(values, offset);
            packets += PACKETS.get(struct);
            bytesIn += BYTES_IN.get(struct);
            bytesOut += BYTES_OUT.get(struct);
        }
        return new VerdictCount(packets, bytesIn, bytesOut);
    }
}
