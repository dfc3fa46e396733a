package io.loom.libbpf;

import com.sun.jna.Memory;
import io.loom.api.Problem;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Check;
import io.loom.libbpf.internal.Diagnosis;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.Options;
import java.lang.ref.Reference;
import java.util.function.Supplier;

/**
 * Asks the driver of a network card whether the card runs a program itself: by loading it, and its maps, for that card alone. The interface
 * is not touched.
 */
public final class Offload {
    private static final int XDP = 6;
    private static final int LOG_BYTES = 1 << 16;
    /** The answer is 2, XDP_PASS: any card that runs programs runs this one. */
    private static final byte[] PASS = {(byte) 0xb7, 0, 0, 0, 2, 0, 0, 0, (byte) 0x95, 0, 0, 0, 0, 0, 0, 0};

    private Offload() {
    }

    /**
     * @param program opened, with all that it is; closed here
     * @throws BpfException always: LOOM-1010 with the driver's answer, LOOM-1009 without such an interface. Also if the driver takes everything:
     *                      maps on a card belong to that card alone, and Loom's are those of all of its interfaces
     */
    public static void ask(int ifindex, Supplier<BpfObject> program) {
        String subject = XdpLink.interfaceName(ifindex) + " (offload)";
        askForAny(ifindex, subject);
        try (BpfObject object = program.get()) {
            object.loadOnto(ifindex, subject);
        }
        throw new BpfException(Problem.of(Diagnosis.CODE_MODE, "cannot attach XDP program to " + subject,
                "its driver takes the program, with tables of the card's own, which Loom cannot fill", Diagnosis.NOT_ON_THE_CARD), 0, "");
    }

    private static void askForAny(int ifindex, String subject) {
        Memory code = new Memory(PASS.length);
        code.write(0, PASS, 0, PASS.length);
        Memory log = Options.zeroed(LOG_BYTES);
        Memory options = Options.sized(Options.PROGRAM_LOAD_SIZE);
        options.setInt(Options.PROGRAM_LOAD_IFINDEX, ifindex);
        options.setInt(Options.PROGRAM_LOAD_LOG_SIZE, LOG_BYTES);
        options.setPointer(Options.PROGRAM_LOAD_LOG, log);
        int fd = LibBpf.bpf_prog_load(XDP, "loom_offload", "Dual BSD/GPL", Options.address(code), PASS.length / BpfObject.INSTRUCTION_BYTES,
                Options.address(options));
        Reference.reachabilityFence(code);
        if (fd < 0) {
            throw Check.refused(Action.OFFLOAD, subject, -fd, log.getString(0, "US-ASCII"));
        }
        new FileDescriptor(fd, subject).close();
    }
}
