package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/**
 * A member of an ABI struct.
 *
 * @param name   as in the header
 * @param offset bytes from the start of the struct
 * @param size   bytes, arrays as a whole
 */
public record Field(String name, int offset, int size) {

    /** An unsigned number of 1, 2, 4 or 8 bytes in host order. */
    long get(ByteBuffer struct) {
        return switch (size) {
            case 1 -> struct.get(offset) & 0xffL;
            case 2 -> struct.getShort(offset) & 0xffffL;
            case 4 -> struct.getInt(offset) & 0xffff_ffffL;
            case 8 -> struct.getLong(offset);
            default -> throw new IllegalStateException(name + " is no number");
        };
    }

    void put(ByteBuffer struct, long value) {
        switch (size) {
            case 1 -> struct.put(offset, (byte) value);
            case 2 -> struct.putShort(offset, (short) value);
            case 4 -> struct.putInt(offset, (int) value);
            case 8 -> struct.putLong(offset, value);
            default -> throw new IllegalStateException(name + " is no number");
        }
    }

    /** A port: two bytes in wire order. */
    int getPort(ByteBuffer struct) {
        return Short.toUnsignedInt(Short.reverseBytes(struct.getShort(offset)));
    }

    void putPort(ByteBuffer struct, int port) {
        struct.putShort(offset, Short.reverseBytes((short) port));
    }

    /** Four bytes in wire order. */
    int getWord(ByteBuffer struct) {
        return Integer.reverseBytes(struct.getInt(offset));
    }

    void putWord(ByteBuffer struct, int word) {
        struct.putInt(offset, Integer.reverseBytes(word));
    }

    /** The first {@code length} bytes as they stand. */
    byte[] getBytes(ByteBuffer struct, int length) {
        byte[] bytes = new byte[length];
        struct.get(offset, bytes);
        return bytes;
    }

    void putBytes(ByteBuffer struct, byte[] bytes) {
        if (bytes.length > size) {
            throw new IllegalArgumentException(bytes.length + " bytes do not fit into " + name);
        }
        struct.put(offset, bytes);
    }
}
