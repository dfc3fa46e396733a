package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Value of loom_overflows: one 64-bit number for each CPU. */
public final class CpuCount {
    private CpuCount() {}

    /** @param values of one key */
    public static long sum(byte[] values) {
        ByteBuffer numbers = ByteBuffer.wrap(values).order(ByteOrder.LITTLE_ENDIAN);
        long total = 0;
        while (numbers.remaining() >= Long.BYTES) {
            total += numbers.getLong();
        }
        return total;
    }
}
