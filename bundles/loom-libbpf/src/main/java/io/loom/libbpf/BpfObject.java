package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;
import static io.loom.libbpf.internal.Check.pointer;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Check;
import io.loom.libbpf.internal.Diagnosis;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.Options;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A linked BPF object on its way into the kernel: open, set up maps and constants, load, take programs and maps out. What was
 * taken out lives on when this is closed. For one thread at a time.
 */
public final class BpfObject implements AutoCloseable {
    private static final String READ_ONLY_DATA = ".rodata";
    static final int INSTRUCTION_BYTES = 8;
    private static final int BPF_LOG_STATS = 4;
    private static final int STATISTICS_SIZE = 1 << 16;
    private static final Pattern PROCESSED = Pattern.compile("processed (\\d+) insns");
    private static final Pattern STACK = Pattern.compile("stack depth (\\d+)");

    private final String name;
    private final Btf btf;
    private long handle;
    private boolean loaded;

    private BpfObject(String name, long handle) {
        this.name = name;
        this.handle = handle;
        int[] size = new int[1];
        long raw = pointer(LibBpf.btf__raw_data(pointer(LibBpf.bpf_object__btf(handle), Action.OPEN, name), size),
                Action.OPEN, name);
        // libbpf's copy, because only there the offsets of variables are final even if the object was not linked.
        this.btf = Btf.parse(new Pointer(raw).getByteArray(0, size[0]));
    }

    /**
     * Reads an object without loading anything.
     *
     * @param name up to 15 characters; seen in messages and in the names of the maps of its constants
     * @param elf  what {@link ObjectLinker} made, or a single object without undefined symbols
     * @throws BpfException (LOOM-1007) if libbpf cannot make sense of it
     */
    public static BpfObject open(String name, byte[] elf) {
        return open(name, elf, Path.of("/sys/fs/bpf"));
    }

    /** @param pins where maps are pinned, or found, that the object declares to be pinned by name */
    static BpfObject open(String name, byte[] elf, Path pins) {
        Memory bytes = new Memory(elf.length);
        bytes.write(0, elf, 0, elf.length);
        Memory cName = text(name);
        Memory pinRoot = text(pins.toString());
        Memory options = Options.sized(Options.OBJECT_OPEN_SIZE);
        options.setPointer(Options.OBJECT_OPEN_NAME, cName);
        options.setPointer(Options.OBJECT_OPEN_PIN_ROOT, pinRoot);
        long handle = pointer(LibBpf.bpf_object__open_mem(Options.address(bytes), elf.length, Options.address(options)),
                Action.OPEN, name);
        Reference.reachabilityFence(bytes);
        Reference.reachabilityFence(cName);
        Reference.reachabilityFence(pinRoot);
        Reference.reachabilityFence(options);
        return new BpfObject(name, handle);
    }

    private static Memory text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Memory memory = Options.zeroed(bytes.length + 1);
        memory.write(0, bytes, 0, bytes.length);
        return memory;
    }

    /** Maps that the source declares; those that libbpf makes for constants and variables are not among them. */
    public List<String> mapNames() {
        List<String> names = new ArrayList<>();
        for (long map : all(map -> LibBpf.bpf_object__next_map(handle(), map))) {
            String candidate = LibBpf.bpf_map__name(map);
            if (!candidate.contains(".")) {
                names.add(candidate);
            }
        }
        return names;
    }

    /** Sets a map's number of entries. Before {@link #load}. */
    public void resize(String map, int maxEntries) {
        check(LibBpf.bpf_map__set_max_entries(find(map), maxEntries), Action.CONFIGURE, map);
    }

    /** A map's type as it stands. */
    public MapType mapType(String map) {
        return MapType.of(LibBpf.bpf_map__type(find(map)));
    }

    /** What {@link #load} would make. */
    public MapPlan plan(String map) {
        long found = find(map);
        return new MapPlan(map, MapType.of(LibBpf.bpf_map__type(found)), LibBpf.bpf_map__key_size(found),
                LibBpf.bpf_map__value_size(found), LibBpf.bpf_map__max_entries(found), LibBpf.bpf_map__map_flags(found));
    }

    /** Sets a map's type; the program must not care. Before {@link #load}. */
    public void setType(String map, MapType type) {
        check(LibBpf.bpf_map__set_type(find(map), type.number()), Action.CONFIGURE, map);
    }

    /**
     * Uses an existing map, with its type and number of entries, instead of making one. Before {@link #load}. The caller answers
     * for equal meaning of its content.
     *
     * @throws LoomException (LOOM-1016) if its keys or values are not as long as the object declares; libbpf would not notice
     */
    public void reuse(String map, BpfMap existing) {
        long declared = find(map);
        String wanted = shape(LibBpf.bpf_map__key_size(declared), LibBpf.bpf_map__value_size(declared));
        String found = shape(existing.keySize(), existing.valueSize());
        if (!wanted.equals(found)) {
            throw new LoomException(Problem.of(Diagnosis.CODE_SHAPE, "cannot use an existing map as " + map + " of " + name,
                    "it has " + found + ", not " + wanted, "stop the instance that made it with loomd --detach, and start anew"));
        }
        check(LibBpf.bpf_map__reuse_fd(declared, existing.fd()), Action.CONFIGURE, map);
    }

    private static String shape(int keySize, int valueSize) {
        return "keys of " + keySize + " and values of " + valueSize + " bytes";
    }

    public boolean hasConstant(String variable) {
        return variable(variable).isPresent();
    }

    /** Value of a {@code const volatile} global, little endian; empty if there is none of that name. */
    public Optional<byte[]> constant(String variable) {
        return variable(variable).map(found -> initialValue(found).getByteArray(found.offset(), found.size()));
    }

    /**
     * Sets a {@code const volatile} global, so that the verifier removes what it makes dead. Before {@link #load}.
     *
     * @param value little endian, exactly as long as the variable
     * @throws IllegalArgumentException if there is no such variable or its length is another
     */
    public void setConstant(String variable, byte[] value) {
        requireUnloaded();
        Btf.Variable found = variable(variable)
                .orElseThrow(() -> new IllegalArgumentException(name + " has no constant " + variable));
        if (found.size() != value.length) {
            throw new IllegalArgumentException(variable + " has " + found.size() + " bytes, not " + value.length);
        }
        initialValue(found).write(found.offset(), value, 0, value.length);
    }

    /**
     * Makes the maps and loads all programs.
     *
     * @throws BpfException with the verifier's log if a program was refused (LOOM-1005)
     */
    public void load() {
        requireUnloaded();
        check(LibBpf.bpf_object__load(handle()), Action.LOAD, name);
        loaded = true;
    }

    /**
     * Makes the maps and loads all programs on the network card of an interface: its driver makes and judges them.
     *
     * @param subject the interface, for what is said of it
     */
    void loadOnto(int ifindex, String subject) {
        requireUnloaded();
        all(map -> LibBpf.bpf_object__next_map(handle(), map))
                .forEach(map -> check(LibBpf.bpf_map__set_ifindex(map, ifindex), Action.OFFLOAD, subject));
        programs().forEach(program -> LibBpf.bpf_program__set_ifindex(program, ifindex));
        check(LibBpf.bpf_object__load(handle()), Action.OFFLOAD, subject);
        loaded = true;
    }

    /**
     * What it cost to verify all programs.
     *
     * @param instructions followed: a million is allowed for each program
     * @param stack        bytes that the hungriest program takes itself; functions that it calls come on top
     */
    public record Verification(long instructions, int stack) {}

    /** The same, counted. The verifier's log holds less than that of {@link #load}: not the way to the instruction that it refused. */
    public Verification loadCounted() {
        requireUnloaded();
        List<Memory> logs = new ArrayList<>();
        for (long program : programs()) {
            Memory log = Options.zeroed(STATISTICS_SIZE);
            check(LibBpf.bpf_program__set_log_level(program, BPF_LOG_STATS), Action.LOAD, name);
            check(LibBpf.bpf_program__set_log_buf(program, Options.address(log), STATISTICS_SIZE), Action.LOAD, name);
            logs.add(log);
        }
        try {
            load();
        } catch (BpfException refused) {
            String log = logs.stream().map(text -> text.getString(0, "US-ASCII")).collect(Collectors.joining());
            throw log.isEmpty() ? refused : Check.refused(name, refused.errno(), log);
        }
        List<String> statistics = logs.stream().map(log -> log.getString(0, "US-ASCII")).toList();
        return new Verification(
                statistics.stream().mapToLong(text -> number(PROCESSED, text)).sum(),
                statistics.stream().mapToInt(text -> (int) number(STACK, text)).max().orElse(0));
    }

    /** "processed 7331 insns (limit 1000000) ..." and "stack depth 64+0+32", each on a line of its own, in all kernels from 5.2 on. */
    private static long number(Pattern pattern, String statistics) {
        Matcher matcher = pattern.matcher(statistics);
        if (!matcher.find()) {
            throw new IllegalStateException("the verifier has not counted: " + statistics);
        }
        return Long.parseLong(matcher.group(1));
    }

    /** A loaded program, with a descriptor of its own. */
    public BpfProgram program(String program) {
        int fd = check(LibBpf.bpf_program__fd(findProgram(program)), Action.INFO, program);
        return new BpfProgram(FileDescriptor.duplicate(fd, program));
    }

    /** libbpf's handles of all programs. */
    List<Long> programs() {
        return all(previous -> LibBpf.bpf_object__next_program(handle(), previous));
    }

    /** Of a loaded program, its functions behind it; map descriptors in them are valid until this is closed. */
    byte[] instructions(String program) {
        long found = findProgram(program);
        int bytes = Math.toIntExact(LibBpf.bpf_program__insn_cnt(found) * INSTRUCTION_BYTES);
        return new Pointer(LibBpf.bpf_program__insns(found)).getByteArray(0, bytes);
    }

    private long findProgram(String program) {
        return programs().stream().filter(candidate -> LibBpf.bpf_program__name(candidate).equals(program)).findFirst()
                .orElseThrow(() -> missing("program", program));
    }

    /** A map after {@link #load}, with a descriptor of its own. */
    public BpfMap map(String map) {
        int fd = check(LibBpf.bpf_map__fd(find(map)), Action.INFO, map);
        return new BpfMap(FileDescriptor.duplicate(fd, map));
    }

    /** Frees libbpf's object. Programs and maps taken out of it stay. */
    @Override
    public synchronized void close() {
        if (handle != 0) {
            LibBpf.bpf_object__close(handle);
            handle = 0;
        }
    }

    private Optional<Btf.Variable> variable(String variable) {
        return btf.variables().stream()
                .filter(found -> found.name().equals(variable) && found.section().equals(READ_ONLY_DATA)).findFirst();
    }

    /** libbpf's own copy of the section, which it writes into the map on load. */
    private Pointer initialValue(Btf.Variable variable) {
        for (long map : all(previous -> LibBpf.bpf_object__next_map(handle(), previous))) {
            if (LibBpf.bpf_map__name(map).endsWith(variable.section())) {
                return new Pointer(pointer(LibBpf.bpf_map__initial_value(map, new long[1]), Action.CONFIGURE, variable.name()));
            }
        }
        throw missing("section", variable.section());
    }

    private long find(String map) {
        for (long candidate : all(previous -> LibBpf.bpf_object__next_map(handle(), previous))) {
            if (LibBpf.bpf_map__name(candidate).equals(map)) {
                return candidate;
            }
        }
        throw missing("map", map);
    }

    private static List<Long> all(LongUnaryOperator next) {
        List<Long> found = new ArrayList<>();
        for (long item = next.applyAsLong(0); item != 0; item = next.applyAsLong(item)) {
            found.add(item);
        }
        return found;
    }

    private LoomException missing(String kind, String wanted) {
        return new LoomException(Problem.of(Diagnosis.CODE_OBJECT, "cannot use BPF object " + name,
                "it has no " + kind + " " + wanted, "build it from the sources that belong to this version"));
    }

    private long handle() {
        if (handle == 0) {
            throw new IllegalStateException("BPF object " + name + " is closed");
        }
        return handle;
    }

    private void requireUnloaded() {
        if (loaded) {
            throw new IllegalStateException("BPF object " + name + " is loaded already");
        }
    }
}
