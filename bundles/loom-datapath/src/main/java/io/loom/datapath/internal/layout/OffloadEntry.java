package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * struct loom_offload of core/unfinished.h, the value of loom_offloads.
 *
 * @param unfinished packets that were sent on although nobody had filled their checksum in
 * @param oversized  packets of several segments that were too big for where they had to go
 * @param generic    whether the program runs in generic mode there
 */
public record OffloadEntry(long unfinished, long oversized, boolean generic) {
    private static final int SIZE = 24;

    public static OffloadEntry decode(byte[] value) {
        ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        return new OffloadEntry(bytes.getLong(), bytes.getLong(), bytes.getInt() != 0);
    }

    public byte[] encode() {
        return ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN).putLong(unfinished).putLong(oversized)
                .putInt(generic ? 1 : 0).array();
    }
}
