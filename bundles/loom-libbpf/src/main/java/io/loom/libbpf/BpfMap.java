package io.loom.libbpf;

import static io.loom.libbpf.internal.Check.check;

import com.sun.jna.Memory;
import io.loom.libbpf.internal.Action;
import io.loom.libbpf.internal.Errno;
import io.loom.libbpf.internal.FileDescriptor;
import io.loom.libbpf.internal.LibBpf;
import io.loom.libbpf.internal.MapDump;
import io.loom.libbpf.internal.Options;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.LongPredicate;

/**
 * A BPF map, by a file descriptor that this object owns. Keys and values are bytes as the program sees them. The value of a
 * per-CPU entry is that of every possible CPU in turn, each rounded up to 8 bytes.
 */
public final class BpfMap implements AutoCloseable {
    /** Entries that {@link #forEach} asks for in one call unless {@link #batch} says otherwise. */
    public static final int DEFAULT_BATCH = 4096;

    private static final int WORD = 8;

    private final FileDescriptor descriptor;
    private final int id;
    private final String name;
    private final MapType type;
    private final int keySize;
    private final int valueSize;
    private final int maxEntries;
    private final int flags;
    private final int entryBytes;
    private volatile int batch = DEFAULT_BATCH;

    BpfMap(FileDescriptor descriptor) {
        this.descriptor = descriptor;
        Memory info = Options.info(descriptor.number(), Options.MAP_INFO_SIZE, "BPF map");
        this.id = info.getInt(Options.MAP_INFO_ID);
        this.name = info.getString(Options.MAP_INFO_NAME, "US-ASCII");
        this.type = MapType.of(info.getInt(Options.MAP_INFO_TYPE));
        this.keySize = info.getInt(Options.MAP_INFO_KEY_SIZE);
        this.valueSize = info.getInt(Options.MAP_INFO_VALUE_SIZE);
        this.maxEntries = info.getInt(Options.MAP_INFO_MAX_ENTRIES);
        this.flags = info.getInt(Options.MAP_INFO_FLAGS);
        this.entryBytes = type.perCpu() ? stride() * Kernel.possibleCpus() : valueSize;
    }

    /** @throws BpfException (LOOM-1013) if nothing is pinned there */
    public static BpfMap open(Path pin) {
        int fd = check(LibBpf.bpf_obj_get(pin.toString()), Action.OPEN_PIN, pin.toString());
        return new BpfMap(new FileDescriptor(fd, pin.toString()));
    }

    /**
     * A map by the kernel's number for it, such as a map of maps shows.
     *
     * @throws BpfException ENOENT if there is none
     */
    public static BpfMap open(int id) {
        int fd = check(LibBpf.bpf_map_get_fd_by_id(id), Action.INFO, "BPF map " + id);
        return new BpfMap(new FileDescriptor(fd, "BPF map " + id));
    }

    /**
     * Makes a map.
     *
     * @param name  up to 15 letters, digits, underscores and dots
     * @param flags BPF_F_* of linux/bpf.h
     * @throws BpfException (LOOM-1011) if it is too big
     */
    public static BpfMap create(MapType type, String name, int keySize, int valueSize, int maxEntries, int flags) {
        Memory options = Options.sized(Options.MAP_CREATE_SIZE);
        options.setInt(Options.MAP_CREATE_FLAGS, flags);
        int fd = check(LibBpf.bpf_map_create(type.number(), name, keySize, valueSize, maxEntries, Options.address(options)),
                Action.CREATE_MAP, name);
        Reference.reachabilityFence(options);
        return new BpfMap(new FileDescriptor(fd, name));
    }

    public int fd() {
        return descriptor.number();
    }

    /** The kernel's number for it, as bpftool shows it. */
    public int id() {
        return id;
    }

    public String name() {
        return name;
    }

    public MapType type() {
        return type;
    }

    public int keySize() {
        return keySize;
    }

    /** Bytes of one value; a per-CPU entry has several. */
    public int valueSize() {
        return valueSize;
    }

    public int maxEntries() {
        return maxEntries;
    }

    /** BPF_F_* it was made with. */
    public int flags() {
        return flags;
    }

    /** The value of a key; in a map of maps the id of the inner map. Empty if there is none. */
    public Optional<byte[]> lookup(byte[] key) {
        byte[] value = new byte[entryBytes];
        int rc = LibBpf.bpf_map_lookup_elem(fd(), sized(key, keySize), value);
        if (rc == -Errno.ENOENT) {
            return Optional.empty();
        }
        check(rc, Action.READ_MAP, name);
        return Optional.of(value);
    }

    /** @throws BpfException EEXIST or ENOENT as the mode says (LOOM-1015), E2BIG if full (LOOM-1012) */
    public void update(byte[] key, byte[] value, UpdateMode mode) {
        check(LibBpf.bpf_map_update_elem(fd(), sized(key, keySize), sized(value, entryBytes), mode.flag()),
                Action.WRITE_MAP, name);
    }

    /** Puts an inner map into this map of maps; programs see it at once, and on return no program uses the previous one. */
    public void updateFd(byte[] key, BpfMap inner) {
        updateFd(key, inner.fd());
    }

    /** Puts a program into this PROG_ARRAY: each jump there meets the previous one or this one. */
    public void updateFd(byte[] key, BpfProgram program) {
        updateFd(key, program.fd());
    }

    private void updateFd(byte[] key, int fd) {
        update(key, ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(fd).array(), UpdateMode.ANY);
    }

    /** @return false if it was not there */
    public boolean delete(byte[] key) {
        int rc = LibBpf.bpf_map_delete_elem(fd(), sized(key, keySize));
        if (rc == -Errno.ENOENT) {
            return false;
        }
        check(rc, Action.WRITE_MAP, name);
        return true;
    }

    /**
     * Shows every entry that is there throughout; one that comes, goes or moves meanwhile may be missed or seen twice. Thousands
     * a call where the kernel offers batches for this type, else one by one.
     */
    public void forEach(BiConsumer<byte[], byte[]> entry) {
        new MapDump(fd(), name, keySize, entryBytes, maxEntries, batch).forEach(entry);
    }

    /** The same for those whose values begin with eight bytes that are wanted: of the others nothing is made. */
    public void forEach(LongPredicate wanted, BiConsumer<byte[], byte[]> entry) {
        new MapDump(fd(), name, keySize, entryBytes, maxEntries, batch).forEach(wanted, entry);
    }

    /**
     * Entries of a hash (LRU or not) that is no per-CPU one, bucket by bucket. An entry keeps its bucket for life, so that who goes on at
     * {@link MapBatch#next}, whenever that is, meets each one that is there throughout exactly once.
     *
     * @param place  0, or what an earlier batch of this map says
     * @param atMost entries; more only if the first bucket alone has more
     */
    public MapBatch from(int place, int atMost) {
        return new MapDump(fd(), name, keySize, entryBytes, maxEntries, batch).from(place, atMost);
    }

    /** Writes many entries; closing it writes the rest. */
    public MapFill fill() {
        return new MapFill(this, keySize, entryBytes);
    }

    /** From now on {@link #forEach} asks for so many entries in one call. More cost memory, fewer cost time. */
    public void batch(int entries) {
        batch = entries;
    }

    /** Maps a BPF_F_MMAPABLE array into memory: value i begins at i times the value size, rounded up to 8 bytes. */
    public Mapping map() {
        return Mapping.of(this, (long) stride() * maxEntries);
    }

    /** @param pin on a bpffs, in an existing directory, not there yet */
    public void pin(Path pin) {
        check(LibBpf.bpf_obj_pin(fd(), pin.toString()), Action.PIN, pin.toString());
    }

    /** Kernel memory in bytes, as the kernel accounts it. */
    public long memoryBytes() {
        Path description = Path.of("/proc/self/fdinfo/" + fd());
        try {
            return KernelFile.lines(description).stream().filter(line -> line.startsWith("memlock:"))
                    .mapToLong(line -> Long.parseLong(line.substring("memlock:".length()).strip())).findFirst()
                    .orElseThrow(() -> new IOException(description + " has no line memlock"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException("/proc must be mounted", unreadable);
        }
    }

    /** The map stays in the kernel as long as a pin, a program or another descriptor refers to it. */
    @Override
    public void close() {
        descriptor.close();
    }

    private int stride() {
        return (valueSize + WORD - 1) / WORD * WORD;
    }

    private byte[] sized(byte[] bytes, int size) {
        if (bytes.length != size) {
            throw new IllegalArgumentException("map " + name + " takes " + size + " bytes here, not " + bytes.length);
        }
        return bytes;
    }
}
