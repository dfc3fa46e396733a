package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;

import com.sun.jna.Memory;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Check;
import io.loom.libbpf.internal.Diagnosis;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.Options;
import java.io.ByteArrayOutputStream;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A BPF object of the operator's own, loaded for the sake of one XDP program in it. That can run as it is, or within another
 * program, in the place of one of its functions: what BPF_PROG_TYPE_EXT is for where a kernel has it. For one thread at a time.
 */
public final class OwnObject implements AutoCloseable {
    private static final int XDP = 6;
    private static final int ATTACH_XDP = 37;
    private static final int LOG_BYTES = 1 << 20;
    private static final int CALL = 0x85;
    private static final int PSEUDO_CALL = 1;

    private final BpfObject object;
    private final String program;
    private final String license;

    private OwnObject(BpfObject object, String program, String license) {
        this.object = object;
        this.program = program;
        this.license = license;
    }

    /**
     * Loads one program of an object, as an XDP program whatever its section is called, and the maps that it declares.
     *
     * @param name    up to 15 characters, for messages and the maps of its constants
     * @param section empty: of the only program
     * @param pins    where maps are pinned, or found, that the object declares to be pinned by name
     * @throws LoomException LOOM-1007 if there is no such program or the object is none, LOOM-1005 if the verifier refuses it
     */
    public static OwnObject load(String name, byte[] elf, String section, Path pins) {
        String license = ElfObject.parse(elf).license();
        BpfObject object = BpfObject.open(name, elf, pins);
        try {
            String program = choose(name, object.programs(), section);
            object.load();
            return new OwnObject(object, program, license);
        } catch (RuntimeException failure) {
            object.close();
            throw failure;
        }
    }

    private static String choose(String name, List<Long> programs, String section) {
        List<Long> chosen = programs.stream()
                .filter(program -> section.isEmpty() || section.equals(LibBpf.bpf_program__section_name(program))).toList();
        if (chosen.size() != 1) {
            String sections = programs.stream().map(LibBpf::bpf_program__section_name).distinct().collect(Collectors.joining(", "));
            throw new LoomException(Problem.of(Diagnosis.CODE_OBJECT, "cannot choose a program of BPF object " + name,
                    (chosen.isEmpty() ? "none is" : chosen.size() + " are") + (section.isEmpty() ? " in it" : " in section " + section)
                            + (programs.isEmpty() ? "" : "; its programs are in: " + sections),
                    "name a section that holds one program"));
        }
        for (long program : programs) {
            check(LibBpf.bpf_program__set_autoload(program, program == chosen.get(0) ? 1 : 0), Action.CONFIGURE, name);
        }
        check(LibBpf.bpf_program__set_type(chosen.get(0), XDP), Action.CONFIGURE, name);
        check(LibBpf.bpf_program__set_expected_attach_type(chosen.get(0), ATTACH_XDP), Action.CONFIGURE, name);
        return LibBpf.bpf_program__name(chosen.get(0));
    }

    /** The program as it is, with a descriptor of its own. */
    public BpfProgram program() {
        return object.program(program);
    }

    /**
     * Loads a program in which this one stands in the place of a function.
     *
     * @param name  of the new program, up to 15 characters
     * @param host  loaded; its program calls exactly one function, once
     * @throws BpfException LOOM-1005 if the verifier refuses the two together
     */
    public BpfProgram within(String name, BpfObject host, String hostProgram) {
        byte[] joined = join(host.instructions(hostProgram), object.instructions(program));
        Memory code = new Memory(joined.length);
        code.write(0, joined, 0, joined.length);
        Memory log = Options.zeroed(LOG_BYTES);
        Memory options = Options.sized(Options.PROGRAM_LOAD_SIZE);
        options.setInt(Options.PROGRAM_LOAD_ATTACH_TYPE, ATTACH_XDP);
        options.setInt(Options.PROGRAM_LOAD_LOG_SIZE, LOG_BYTES);
        options.setPointer(Options.PROGRAM_LOAD_LOG, log);
        int fd = LibBpf.bpf_prog_load(XDP, name, license, Options.address(code), joined.length / BpfObject.INSTRUCTION_BYTES,
                Options.address(options));
        Reference.reachabilityFence(code);
        if (fd < 0) {
            throw Check.refused(name, -fd, log.getString(0, "US-ASCII"));
        }
        return new BpfProgram(new FileDescriptor(fd, name));
    }

    /** libbpf puts the functions of a program behind it, in the order of their first calls; calls say how far to jump. */
    static byte[] join(byte[] host, byte[] guest) {
        ByteBuffer code = ByteBuffer.wrap(host).order(ByteOrder.LITTLE_ENDIAN);
        int begin = -1;
        for (int at = 0; at < host.length; at += BpfObject.INSTRUCTION_BYTES) {
            if ((host[at] & 0xff) == CALL && (host[at + 1] & 0xff) >> 4 == PSEUDO_CALL) {
                if (begin >= 0) {
                    throw new IllegalArgumentException("it calls a function more than once");
                }
                begin = at + BpfObject.INSTRUCTION_BYTES * (1 + code.getInt(at + Integer.BYTES));
            }
        }
        if (begin < 0) {
            throw new IllegalArgumentException("it calls no function");
        }
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(host, 0, begin);
        joined.writeBytes(guest);
        return joined.toByteArray();
    }

    /** Frees libbpf's object. Programs taken out of it stay, and so do the maps that they use. */
    @Override
    public void close() {
        object.close();
    }
}
