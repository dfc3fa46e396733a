package io.loom.libbpf.internal;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/** The few libc calls that libbpf does not wrap. Mapped directly; -1 means failure, with errno in JNA's last error. */
public final class LibC {
    public static final int PROT_READ = 1;
    public static final int PROT_READ_WRITE = 3;
    public static final int MAP_SHARED = 1;
    public static final int MFD_CLOEXEC = 1;
    public static final int F_DUPFD_CLOEXEC = 1030;

    static {
        Native.register(LibC.class, NativeLibrary.getInstance("c"));
    }

    private LibC() {
    }

    public static native int memfd_create(String name, int flags);

    public static native int close(int fd);

    public static native int fcntl(int fd, int command, int argument);

    public static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    public static native int munmap(long address, long length);

    public static native int getpagesize();

    public static native int statfs(String path, long buffer);

    /** 0 if there is no such interface in the process's network namespace. */
    public static native int if_nametoindex(String name);

    /** The opposite, into 16 bytes; 0 (NULL) if there is no such interface. */
    public static native long if_indextoname(int index, byte[] name);

    /** Variadic in C; on Linux a pointer is passed as to any other function. */
    public static native int ioctl(int fd, long request, long argument);

    public static native int socket(int domain, int type, int protocol);

    public static native int setsockopt(int socket, int level, int option, long value, int length);

    public static native int bind(int socket, long address, int length);

    public static native long send(int socket, long buffer, long length, int flags);

    public static native long recv(int socket, long buffer, long length, int flags);

    public static native int sched_setaffinity(int thread, long size, long set);

    /** Formats into memory that the caller frees. */
    public static native int vasprintf(PointerByReference text, Pointer format, Pointer arguments);

    public static native void free(Pointer memory);
}
