package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;
import static io.loom.libbpf.internal.Check.libc;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import io.loom.api.LoomException;
import io.loom.api.MacAddress;
import io.loom.api.Problem;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Diagnosis;
import io.loom.libbpf.internal.Errno;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.LibC;
import io.loom.libbpf.internal.Options;
import io.loom.libbpf.internal.OwnStatus;
import io.loom.libbpf.internal.Requirements;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What the host must offer before anything else here can work, and facts about it. */
public final class Kernel {
    /** BPF_FS_MAGIC of linux/magic.h. */
    private static final long BPFFS_MAGIC = 0xcafe4a11L;
    private static final int STATFS_SIZE = 120;
    private static final int IF_NAMESIZE = 16;
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int SIOCGIFHWADDR = 0x8927;
    /** struct ifreq: the name, then struct sockaddr, whose family is the kind of hardware. */
    private static final int IFREQ_SIZE = 40;
    private static final int ARPHRD_ETHER = 1;

    private Kernel() {
    }

    /**
     * Checks everything, and reports all that is missing at once: libbpf 1.1, kernel 5.10, privileges, a bpffs. Locked-memory
     * limits need no care: libbpf raises RLIMIT_MEMLOCK itself where the kernel still accounts BPF memory to it.
     *
     * @param bpffs directory on a mounted bpffs
     * @throws LoomException with a fix for each problem
     */
    public static void require(Path bpffs) {
        List<Problem> problems = new ArrayList<>();
        requireLibrary().ifPresent(problems::add);
        Requirements.kernel(System.getProperty("os.version")).ifPresent(problems::add);
        Requirements.capabilities(OwnStatus.lines()).ifPresent(problems::add);
        requireBpffs(bpffs).ifPresent(problems::add);
        if (!problems.isEmpty()) {
            throw new LoomException(problems, null);
        }
    }

    /** What slows down the programs of this process; empty if nothing does. */
    public static Optional<Problem> mitigations() {
        return Requirements.mistrusted(OwnStatus.lines()) ? Optional.of(Requirements.mitigated()) : Optional.empty();
    }

    /** CPUs that may ever be online: the number of values in a per-CPU entry. */
    public static int possibleCpus() {
        return check(LibBpf.libbpf_num_possible_cpus(), Action.EXAMINE, "/sys/devices/system/cpu/possible");
    }

    /** Of the host's memory. */
    public static int pageBytes() {
        return LibC.getpagesize();
    }

    /**
     * Index of a network interface, with or without addresses, in the network namespace of this process; empty if there is none.
     * {@link java.net.NetworkInterface} does not show interfaces without addresses.
     */
    public static OptionalInt interfaceIndex(String name) {
        int index = LibC.if_nametoindex(name);
        return index == 0 ? OptionalInt.empty() : OptionalInt.of(index);
    }

    /** Name of a network interface by its index, in the network namespace of this process; empty if there is none. */
    public static Optional<String> interfaceName(int ifindex) {
        byte[] name = new byte[IF_NAMESIZE];
        return LibC.if_indextoname(ifindex, name) == 0 ? Optional.empty() : Optional.of(Native.toString(name));
    }

    /**
     * The MAC address that an Ethernet interface has now, in the network namespace of this process; empty if it is gone or none. Not
     * from /sys, which may be another namespace's.
     */
    public static Optional<MacAddress> macAddress(String device) {
        byte[] name = device.getBytes(StandardCharsets.UTF_8);
        if (name.length == 0 || name.length >= IF_NAMESIZE) {
            return Optional.empty();
        }
        Memory request = Options.zeroed(IFREQ_SIZE);
        request.write(0, name, 0, name.length);
        int socket = (int) libc(LibC.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), Action.EXAMINE, device);
        try (FileDescriptor descriptor = new FileDescriptor(socket, device)) {
            int result = LibC.ioctl(descriptor.number(), SIOCGIFHWADDR, Options.address(request));
            if (result == -1 && Native.getLastError() == Errno.ENODEV) {
                return Optional.empty();
            }
            libc(result, Action.EXAMINE, device);
        }
        return request.getShort(IF_NAMESIZE) == ARPHRD_ETHER
                ? Optional.of(MacAddress.of(request.getByteArray(IF_NAMESIZE + Short.BYTES, MacAddress.BYTES))) : Optional.empty();
    }

    /** Closes a descriptor that no object here owns. */
    public static void closeFd(int fd) {
        libc(LibC.close(fd), Action.EXAMINE, "file descriptor " + fd);
    }

    private static Optional<Problem> requireLibrary() {
        try {
            NativeLibrary.getInstance(LibBpf.SONAME);
        } catch (UnsatisfiedLinkError missing) {
            return Optional.of(Requirements.libraryMissing(missing.getMessage()));
        }
        return Requirements.library(LibBpf.libbpf_major_version(), LibBpf.libbpf_minor_version());
    }

    /** Why nothing can be pinned there; empty if it is on a mounted bpffs. */
    public static Optional<Problem> requireBpffs(Path bpffs) {
        if (!Files.isDirectory(bpffs)) {
            return Optional.of(Problem.of(Diagnosis.CODE_BPFFS, "cannot use the bpffs " + bpffs,
                    "there is no such directory", "mkdir -p " + bpffs + " && mount -t bpf bpf " + bpffs));
        }
        Memory statfs = Options.zeroed(STATFS_SIZE);
        libc(LibC.statfs(bpffs.toString(), Options.address(statfs)), Action.EXAMINE, bpffs.toString());
        if (statfs.getLong(0) == BPFFS_MAGIC) {
            return Optional.empty();
        }
        return Optional.of(Problem.of(Diagnosis.CODE_BPFFS, "cannot use the bpffs " + bpffs,
                "no BPF file system is mounted there", "mount -t bpf bpf " + bpffs));
    }
}
