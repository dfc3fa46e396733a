package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;

import com.sun.jna.Memory;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.Options;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.HexFormat;

/** A loaded program, by a file descriptor that this object owns. */
public final class BpfProgram implements AutoCloseable {
    /** Room for what a program may put in front of a frame: no more than XDP's headroom. */
    private static final int HEADROOM = 256;
    private static final int BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;

    private final FileDescriptor descriptor;
    private final int id;
    private final String tag;
    private final String name;

    BpfProgram(FileDescriptor descriptor) {
        this.descriptor = descriptor;
        Memory info = Options.info(descriptor.number(), Options.PROGRAM_INFO_SIZE, "BPF program");
        this.id = info.getInt(Options.PROGRAM_INFO_ID);
        this.tag = HexFormat.of().formatHex(info.getByteArray(Options.PROGRAM_INFO_TAG, Options.PROGRAM_TAG_LENGTH));
        this.name = info.getString(Options.PROGRAM_INFO_NAME, "US-ASCII");
    }

    /** @throws BpfException (LOOM-1013) if nothing is pinned there */
    public static BpfProgram open(Path pin) {
        int fd = check(LibBpf.bpf_obj_get(pin.toString()), Action.OPEN_PIN, pin.toString());
        return new BpfProgram(new FileDescriptor(fd, pin.toString()));
    }

    public int fd() {
        return descriptor.number();
    }

    /** The kernel's number for it, as bpftool shows it; not reused soon. */
    public int id() {
        return id;
    }

    /** Hash of the instructions, 16 hexadecimal digits: equal programs have equal tags. */
    public String tag() {
        return tag;
    }

    /** Up to 15 characters. */
    public String name() {
        return name;
    }

    /**
     * What a test run gave.
     *
     * @param result      return value of the (last) run; XDP_PASS is 2, for example
     * @param frame       the frame afterwards
     * @param nanosPerRun average, as the kernel measured it
     */
    public record TestRun(int result, byte[] frame, long nanosPerRun) {
    }

    /**
     * Runs the program on a frame, in this process's context, without any device (BPF_PROG_TEST_RUN). Its maps are the real ones.
     *
     * @param frame  at least 14 bytes, at most about 3500
     * @param repeat runs, at least 1; every run after the first gets what the one before left of the frame
     */
    public TestRun testRun(byte[] frame, int repeat) {
        Memory in = new Memory(frame.length);
        in.write(0, frame, 0, frame.length);
        int room = frame.length + HEADROOM;
        Memory out = new Memory(room);
        Memory options = Options.sized(Options.TEST_RUN_SIZE);
        options.setPointer(Options.TEST_RUN_DATA_IN, in);
        options.setPointer(Options.TEST_RUN_DATA_OUT, out);
        options.setInt(Options.TEST_RUN_SIZE_IN, frame.length);
        options.setInt(Options.TEST_RUN_SIZE_OUT, room);
        options.setInt(Options.TEST_RUN_REPEAT, repeat);
        check(LibBpf.bpf_prog_test_run_opts(fd(), Options.address(options)), Action.TEST_RUN, name);
        Reference.reachabilityFence(in);
        byte[] after = out.getByteArray(0, options.getInt(Options.TEST_RUN_SIZE_OUT));
        return new TestRun(options.getInt(Options.TEST_RUN_RETVAL), after,
                Integer.toUnsignedLong(options.getInt(Options.TEST_RUN_DURATION)));
    }

    /**
     * Runs an XDP program on frames as if an interface had received them, and does with each what the program says: they
     * leave, or reach the local stack (BPF_F_TEST_XDP_LIVE_FRAMES, from Linux 5.18). A frame's memory is used again for later
     * frames with what the program wrote there.
     *
     * @param ingress ifindex in the network namespace of the calling process
     * @param batch   frames between two flushes, at most 256
     * @return nanoseconds per frame, sending included
     */
    public long liveRun(byte[] frame, int ingress, int frames, int batch) {
        Memory in = new Memory(frame.length);
        in.write(0, frame, 0, frame.length);
        Memory context = Options.zeroed(Options.XDP_CONTEXT_SIZE);
        context.setInt(Options.XDP_CONTEXT_DATA_END, frame.length);
        context.setInt(Options.XDP_CONTEXT_INGRESS, ingress);
        Memory options = Options.sized(Options.TEST_RUN_SIZE);
        options.setPointer(Options.TEST_RUN_DATA_IN, in);
        options.setInt(Options.TEST_RUN_SIZE_IN, frame.length);
        options.setPointer(Options.TEST_RUN_CONTEXT_IN, context);
        options.setInt(Options.TEST_RUN_CONTEXT_SIZE_IN, Options.XDP_CONTEXT_SIZE);
        options.setInt(Options.TEST_RUN_REPEAT, frames);
        options.setInt(Options.TEST_RUN_FLAGS, BPF_F_TEST_XDP_LIVE_FRAMES);
        options.setInt(Options.TEST_RUN_BATCH_SIZE, batch);
        check(LibBpf.bpf_prog_test_run_opts(fd(), Options.address(options)), Action.TEST_RUN, name);
        Reference.reachabilityFence(in);
        Reference.reachabilityFence(context);
        return Integer.toUnsignedLong(options.getInt(Options.TEST_RUN_DURATION));
    }

    /** @param pin on a bpffs, in an existing directory, not there yet */
    public void pin(Path pin) {
        check(LibBpf.bpf_obj_pin(fd(), pin.toString()), Action.PIN, pin.toString());
    }

    /** The program stays in the kernel as long as a pin, a link or another descriptor refers to it. */
    @Override
    public void close() {
        descriptor.close();
    }
}
