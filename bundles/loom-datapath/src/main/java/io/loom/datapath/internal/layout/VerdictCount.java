package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Value of loom_verdicts, summed over the CPUs. Bytes are frame lengths. */
public record VerdictCount(long packets, long bytesIn, long bytesOut) {
    private static final Field PACKETS = new Field("packets", 0, 8);
    private static final Field BYTES_IN = new Field("bytes_in", 8, 8);
    private static final Field BYTES_OUT = new Field("bytes_out", 16, 8);
    static final StructLayout LAYOUT = new StructLayout("loom_verdict_count", 24, PACKETS, BYTES_IN, BYTES_OUT);

    public static final VerdictCount ZERO = new VerdictCount(0, 0, 0);

    /** @param values of one key: one struct for each CPU, or a single one */
    public static List<VerdictCount> byCpu(byte[] values) {
        List<VerdictCount> counts = new ArrayList<>();
        for (int offset = 0; offset + LAYOUT.size() <= values.length; offset += LAYOUT.size()) {
            ByteBuffer struct = LAYOUT.at(values, offset);
            counts.add(new VerdictCount(PACKETS.get(struct), BYTES_IN.get(struct), BYTES_OUT.get(struct)));
        }
        return counts;
    }

    public VerdictCount plus(VerdictCount other) {
        return new VerdictCount(packets + other.packets, bytesIn + other.bytesIn, bytesOut + other.bytesOut);
    }

    /** @param values of one key: one struct for each CPU, or a single one */
    public static VerdictCount sum(byte[] values) {
        return byCpu(values).stream().reduce(ZERO, VerdictCount::plus);
    }
}
