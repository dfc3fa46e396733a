package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;

import com.sun.jna.Memory;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Errno;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.Options;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The attachment of a program to an interface, by a file descriptor that this object owns. A pin keeps it without a process. */
public final class XdpLink implements AutoCloseable {
    private static final int BPF_XDP = 37;
    private static final int BPF_F_REPLACE = 1 << 2;

    private final FileDescriptor descriptor;
    private final String subject;

    private XdpLink(FileDescriptor descriptor, String subject) {
        this.descriptor = descriptor;
        this.subject = subject;
    }

    /**
     * Attaches a program; never falls back to another mode.
     *
     * @param ifindex in the network namespace of the calling process
     * @throws BpfException LOOM-1008 if another program is attached, LOOM-1009 without such an interface, LOOM-1010 if the
     *                      driver or its settings refuse
     */
    public static XdpLink attach(BpfProgram program, int ifindex, XdpMode mode) {
        String subject = interfaceName(ifindex) + " (" + mode.name().toLowerCase(Locale.ROOT) + ")";
        Memory options = Options.sized(Options.LINK_CREATE_SIZE);
        options.setInt(Options.LINK_CREATE_FLAGS, mode.flag());
        Action action = mode == XdpMode.OFFLOAD ? Action.OFFLOAD : Action.ATTACH;
        int fd = check(LibBpf.bpf_link_create(program.fd(), ifindex, BPF_XDP, Options.address(options)), action, subject);
        Reference.reachabilityFence(options);
        return new XdpLink(new FileDescriptor(fd, subject), subject);
    }

    /** @throws BpfException (LOOM-1013) if nothing is pinned there */
    public static XdpLink open(Path pin) {
        int fd = check(LibBpf.bpf_obj_get(pin.toString()), Action.OPEN_PIN, pin.toString());
        return new XdpLink(new FileDescriptor(fd, pin.toString()), "link " + pin);
    }

    /** How a program is attached to an interface at present, whoever did it; empty if none is. */
    public static Optional<XdpMode> modeInForce(int ifindex) {
        Memory options = Options.sized(Options.XDP_QUERY_SIZE);
        check(LibBpf.bpf_xdp_query(ifindex, 0, Options.address(options)), Action.QUERY, "interface " + ifindex);
        int attached = options.getByte(Options.XDP_QUERY_MODE);
        return Arrays.stream(XdpMode.values()).filter(mode -> mode.attached() == attached).findFirst();
    }

    /**
     * Replaces the running program in one step: every packet meets the old one or the new one. Takes about 10 ms.
     *
     * @param expectedOld the one that runs; EPERM (LOOM-1014) if it is another
     * @throws BpfException ENOLINK (LOOM-1009) if the interface is gone
     */
    public void update(BpfProgram next, BpfProgram expectedOld) {
        Memory options = Options.sized(Options.LINK_UPDATE_SIZE);
        options.setInt(Options.LINK_UPDATE_FLAGS, BPF_F_REPLACE);
        options.setInt(Options.LINK_UPDATE_OLD_PROGRAM, expectedOld.fd());
        check(LibBpf.bpf_link_update(descriptor.number(), next.fd(), Options.address(options)), Action.REPLACE, subject);
        Reference.reachabilityFence(options);
    }

    /**
     * The kernel's view of a link.
     *
     * @param ifindex 0 once the interface is gone
     */
    public record Info(int id, int programId, int ifindex) {
    }

    public Info info() {
        Memory info = Options.info(descriptor.number(), Options.LINK_INFO_SIZE, subject);
        return new Info(info.getInt(Options.LINK_INFO_ID), info.getInt(Options.LINK_INFO_PROGRAM),
                info.getInt(Options.LINK_INFO_IFINDEX));
    }

    /** @param pin on a bpffs, in an existing directory, not there yet */
    public void pin(Path pin) {
        check(LibBpf.bpf_obj_pin(descriptor.number(), pin.toString()), Action.PIN, pin.toString());
    }

    /** Takes the program off the interface, even if the link is pinned; the pin remains and is of no use. */
    public void detach() {
        check(LibBpf.bpf_link_detach(descriptor.number()), Action.DETACH, subject);
    }

    /** Looked up first, because the kernel calls an absent interface an invalid argument. */
    static String interfaceName(int ifindex) {
        Optional<String> name = Kernel.interfaceName(ifindex);
        check(name.isPresent() ? 0 : -Errno.ENODEV, Action.ATTACH, "interface number " + ifindex);
        return name.orElseThrow();
    }

    /** Detaches the program, unless the link is pinned or open elsewhere. */
    @Override
    public void close() {
        descriptor.close();
    }
}
