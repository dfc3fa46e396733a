package io.loom.datapath.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The 32-bit keys of arrays and device maps. */
public final class Keys {
    private Keys() {}

    public static byte[] of(int number) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array();
    }

    public static int number(byte[] key) {
        return ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }
}
