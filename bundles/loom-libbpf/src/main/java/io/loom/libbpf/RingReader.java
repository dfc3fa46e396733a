package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.libc;

import com.sun.jna.Pointer;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.LibC;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/**
 * Takes records out of a BPF_MAP_TYPE_RINGBUF, without a system call: both sides' positions and the records are shared memory
 * (Documentation/bpf/ringbuf.rst). Not by libbpf's ring_buffer, which would call back into Java for each record. A ring has one
 * reader at a time, and a reader one thread.
 */
public final class RingReader implements AutoCloseable {
    /** In the length of a record: its writer is not done with it. */
    private static final int BUSY = 1 << 31;
    /** Its writer has thought better of it. */
    private static final int DISCARDED = 1 << 30;
    private static final int HEADER_BYTES = 8;
    private static final VarHandle POSITION = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle LENGTH = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private final String name;
    private final int page;
    private final long bytes;
    private final long consumerAddress;
    private final long producerAddress;
    /** A page with the reader's position. */
    private final ByteBuffer consumer;
    /** A page with the writers' position; then the records twice in a row, so that none is ever in two pieces. */
    private final ByteBuffer producer;
    private boolean closed;

    private RingReader(BpfMap map) {
        this.name = map.name();
        this.page = LibC.getpagesize();
        this.bytes = map.maxEntries();
        this.consumerAddress = libc(
                LibC.mmap(0, page, LibC.PROT_READ_WRITE, LibC.MAP_SHARED, map.fd(), 0), Action.MAP_MEMORY, name);
        try {
            this.producerAddress = libc(
                    LibC.mmap(0, producerBytes(), LibC.PROT_READ, LibC.MAP_SHARED, map.fd(), page), Action.MAP_MEMORY, name);
        } catch (RuntimeException failure) {
            LibC.munmap(consumerAddress, page);
            throw failure;
        }
        this.consumer = new Pointer(consumerAddress).getByteBuffer(0, page);
        this.producer = new Pointer(producerAddress).getByteBuffer(0, producerBytes());
    }

    private long producerBytes() {
        return page + 2 * bytes;
    }

    /** @throws IllegalArgumentException if the map is of another type */
    public static RingReader open(BpfMap map) {
        if (map.type() != MapType.RINGBUF) {
            throw new IllegalArgumentException("map " + map.name() + " is no ring but of type " + map.type());
        }
        return new RingReader(map);
    }

    /**
     * Hands on the records that are there, in their order, and gives their room back; stops at one that is still being written.
     *
     * @param most how many at once
     * @return how many were taken
     */
    public int read(int most, Consumer<byte[]> record) {
        if (closed) {
            throw new IllegalStateException("the reader of " + name + " is closed");
        }
        long position = (long) POSITION.getAcquire(consumer, 0);
        int taken = 0;
        while (taken < most && position < (long) POSITION.getAcquire(producer, 0)) {
            int at = page + (int) (position & bytes - 1);
            int length = (int) LENGTH.getAcquire(producer, at);
            if ((length & BUSY) != 0) {
                break;
            }
            int size = length & ~DISCARDED;
            byte[] content = new byte[(length & DISCARDED) == 0 ? size : 0];
            producer.get(at + HEADER_BYTES, content);
            position += HEADER_BYTES + (size + 7) / 8 * 8;
            POSITION.setRelease(consumer, 0, position);
            if ((length & DISCARDED) == 0) {
                record.accept(content);
                taken++;
            }
        }
        return taken;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            LibC.munmap(consumerAddress, page);
            LibC.munmap(producerAddress, producerBytes());
        }
    }
}
