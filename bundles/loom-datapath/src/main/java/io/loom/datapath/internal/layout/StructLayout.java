package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Name, size and members of an ABI struct; padding is not listed.
 *
 * @param size bytes
 */
public record StructLayout(String name, int size, List<Field> fields) {

    public StructLayout {
        fields = List.copyOf(fields);
    }

    public StructLayout(String name, int size, Field... fields) {
        this(name, size, List.of(fields));
    }

    /** As it was before this member took the place of padding. */
    StructLayout without(String member) {
        return new StructLayout(name, size, fields.stream().filter(field -> !field.name().equals(member)).toList());
    }

    /** A zeroed struct to write into. */
    ByteBuffer create() {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The struct at the start of the bytes, to read from. */
    ByteBuffer at(byte[] bytes) {
        return at(bytes, 0);
    }

    ByteBuffer at(byte[] bytes, int offset) {
        if (bytes.length - offset < size) {
            throw new IllegalArgumentException(bytes.length - offset + " bytes are too few for " + name);
        }
        return ByteBuffer.wrap(bytes, offset, size).slice().order(ByteOrder.LITTLE_ENDIAN);
    }
}
