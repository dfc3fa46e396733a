package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;
import static io.loom.libbpf.internal.Check.libc;
import static io.loom.libbpf.internal.Check.pointer;

import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.LibC;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * libbpf's static linker. In libbpf 1.1 it knows only paths, so objects pass through memfds and nothing touches a disk.
 * What it does not detect: two objects that disagree about the layout of a struct behind a pointer.
 */
public final class ObjectLinker {
    private ObjectLinker() {
    }

    /**
     * Links objects into one, in this order: an object that declares an extern map must follow the one that defines it.
     *
     * @throws BpfException (LOOM-1006) with what libbpf said about the conflict
     */
    public static byte[] link(List<ElfObject> objects) {
        try (FileDescriptor output = memory("linked")) {
            long linker = pointer(LibBpf.bpf_linker__new(path(output).toString(), 0), Action.LINK, "");
            try {
                for (ElfObject object : objects) {
                    add(linker, object);
                }
                check(LibBpf.bpf_linker__finalize(linker), Action.LINK, "");
            } finally {
                LibBpf.bpf_linker__free(linker);
            }
            return Files.readAllBytes(path(output));
        } catch (IOException memfdFailed) {
            throw new UncheckedIOException("/proc must be mounted, with room in memory", memfdFailed);
        }
    }

    private static void add(long linker, ElfObject object) throws IOException {
        try (FileDescriptor input = memory("object")) {
            Files.write(path(input), object.bytes());
            check(LibBpf.bpf_linker__add_file(linker, path(input).toString(), 0), Action.LINK, "");
        }
    }

    private static FileDescriptor memory(String name) {
        return new FileDescriptor((int) libc(LibC.memfd_create(name, LibC.MFD_CLOEXEC), Action.LINK, ""), name);
    }

    private static Path path(FileDescriptor descriptor) {
        return Path.of("/proc/self/fd/" + descriptor.number());
    }
}
