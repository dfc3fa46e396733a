package io.loom.libbpf.internal;

import static io.loom.libbpf.internal.Check.libc;

import java.util.concurrent.atomic.AtomicInteger;

/** Owns one file descriptor. Closing twice is harmless; using it after that is an error, never another file's number. */
public final class FileDescriptor implements AutoCloseable {
    private static final int CLOSED = -1;

    private final AtomicInteger number;
    private final String owner;

    /** @param owner named when it is used after closing */
    public FileDescriptor(int number, String owner) {
        this.number = new AtomicInteger(number);
        this.owner = owner;
    }

    /** Another descriptor for the same kernel object, so that its lifetime is independent of its origin's. */
    public static FileDescriptor duplicate(int number, String owner) {
        int copy = (int) libc(LibC.fcntl(number, LibC.F_DUPFD_CLOEXEC, 0), Action.DUPLICATE, owner);
        return new FileDescriptor(copy, owner);
    }

    public int number() {
        int value = number.get();
        if (value == CLOSED) {
            throw new IllegalStateException(owner + " is closed");
        }
        return value;
    }

    @Override
    public void close() {
        int value = number.getAndSet(CLOSED);
        if (value != CLOSED) {
            LibC.close(value);
        }
    }
}
