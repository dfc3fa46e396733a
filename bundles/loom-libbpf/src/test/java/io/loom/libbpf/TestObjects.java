package io.loom.libbpf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The objects of src/test/bpf, as the build compiled them, and little-endian numbers. */
final class TestObjects {
    private TestObjects() {
    }

    static ElfObject host() {
        return read("host");
    }

    static ElfObject part() {
        return read("part");
    }

    static ElfObject read(String name) {
        try (InputStream object = TestObjects.class.getResourceAsStream("/bpf/" + name + ".bpf.o")) {
            return ElfObject.parse(object.readAllBytes());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Host and the part in both slots. */
    static byte[] composed() {
        return ObjectLinker.link(List.of(host(), part().renamed("_slotXX", "_slot00"), part().renamed("_slotXX", "_slot01")));
    }

    static BpfObject loadedHost() {
        BpfObject object = BpfObject.open("test", host().bytes());
        object.load();
        return object;
    }

    static byte[] u32(int value) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    static byte[] u64(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    static int u32(byte[] value, int offset) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
    }
}
