package io.loom.itests.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What tells the flows of a case apart: the last word of the source address and one port; struct bench_flow of bench.bpf.c.
 *
 * @param address last 32 bits, the first byte in the wire highest
 * @param port    0 to 65535
 */
record Flow(int address, int port) {
    static final int BYTES = 8;

    private static final int PORTS = 4096;
    private static final int FIRST_PORT = 20_000;
    private static final int FIRST_CLIENT = 0x0a010000; // 10.1.0.0

    /** Clients of a vip: 4096 connections from each address. */
    static List<Flow> clients(int count) {
        List<Flow> flows = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            flows.add(new Flow(FIRST_CLIENT + i / PORTS, FIRST_PORT + i % PORTS));
        }
        return flows;
    }

    /** As the wrapper's map holds it. */
    byte[] encode() {
        return ByteBuffer.allocate(BYTES).order(ByteOrder.BIG_ENDIAN).putInt(address).putShort((short) port).array();
    }
}
