package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/** Value of loom_bstats and loom_lstats, summed over the CPUs. Client to backend; bytes are IP packet lengths. */
public record FlowCount(long packets, long bytes, long connections) {
    private static final Field PACKETS = new Field("packets", 0, 8);
    private static final Field BYTES = new Field("bytes", 8, 8);
    private static final Field CONNECTIONS = new Field("connections", 16, 8);
    static final StructLayout LAYOUT = new StructLayout("loom_flow_count", 24, PACKETS, BYTES, CONNECTIONS);

    public static final FlowCount ZERO = new FlowCount(0, 0, 0);

    /** @param values of one key: one struct for each CPU */
    public static FlowCount sum(byte[] values) {
        FlowCount total = ZERO;
        for (int offset = 0; offset + LAYOUT.size() <= values.length; offset += LAYOUT.size()) {
            ByteBuffer struct = LAYOUT.at(values, offset);
            total = total.plus(new FlowCount(PACKETS.get(struct), BYTES.get(struct), CONNECTIONS.get(struct)));
        }
        return total;
    }

    public FlowCount plus(FlowCount other) {
        return new FlowCount(packets + other.packets, bytes + other.bytes, connections + other.connections);
    }
}
