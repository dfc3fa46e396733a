package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.libc;

import com.sun.jna.Pointer;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.LibC;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

/** A map's values as shared memory: writes are seen by programs at once, without any ordering between them. */
public final class Mapping implements AutoCloseable {
    private final String name;
    private final long address;
    private final long length;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Mapping(String name, long address, long length) {
        this.name = name;
        this.address = address;
        this.length = length;
    }

    static Mapping of(BpfMap map, long length) {
        long address = libc(LibC.mmap(0, length, LibC.PROT_READ_WRITE, LibC.MAP_SHARED, map.fd(), 0),
                Action.MAP_MEMORY, map.name());
        return new Mapping(map.name(), address, length);
    }

    /** A new view of all of it, little endian. Touching it after {@link #close} ends the process: keep it within the block. */
    public ByteBuffer buffer() {
        if (closed.get()) {
            throw new IllegalStateException("the mapping of " + name + " is closed");
        }
        return new Pointer(address).getByteBuffer(0, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            libc(LibC.munmap(address, length), Action.MAP_MEMORY, name);
        }
    }
}
