package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.datapath.World;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.MapPlan;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Katran's program out of an object that somebody has compiled, with maps of its own: a vip for each family and protocol, all
 * with {@link #BACKENDS} servers of the vip's family. Shapes are those of its {@code balancer_structs.h} at commit 19f08fec; an
 * object of other shapes is refused.
 */
final class Katran implements AutoCloseable {
    static final int PORT = 80;
    private static final String PROGRAM = "balancer_ingress";
    private static final int BACKENDS = 16;
    private static final int RING = 65_537;
    private static final int VIPS = Family.values().length * Protocol.values().length;
    /** Maps and their bytes of key and value. */
    private static final Map<String, int[]> SHAPES = shapes();
    private static final int FLOW_KEY = 40;
    private static final int FLOW_VALUE = 16;
    private static final int IPV6_REAL = 1;
    /** Beside the counters of vips, of which there are half as many as the map has entries. */
    private static final int MISSES = 0;

    private final BpfObject object;
    private final BpfProgram program;
    private final BpfMap connections;

    private static Map<String, int[]> shapes() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("vip_map", new int[] {20, 8});
        shapes.put("ch_rings", new int[] {4, 4});
        shapes.put("reals", new int[] {4, 20});
        shapes.put("stats", new int[] {4, 16});
        shapes.put("ctl_array", new int[] {4, 8});
        shapes.put("lru_mapping", new int[] {4, 4});
        return shapes;
    }

    private Katran(BpfObject object, BpfProgram program, BpfMap connections) {
        this.object = object;
        this.program = program;
        this.connections = connections;
    }

    /**
     * @param entries of its connection table
     * @throws IllegalArgumentException with the sentence to print, if the file is no such object
     */
    static Katran open(Path file, int entries) {
        BpfObject object = BpfObject.open("katran", read(file));
        try {
            requireShapes(file, object);
            object.resize("ch_rings", VIPS * RING); // its rings of other vips would be 128 MB that nobody reads
            object.load();
            BpfMap connections = BpfMap.create(MapType.LRU_HASH, "katran_lru", FLOW_KEY, FLOW_VALUE, entries, 0);
            Katran katran = new Katran(object, object.program(PROGRAM), connections);
            katran.configure();
            return katran;
        } catch (RuntimeException refused) {
            object.close();
            throw refused;
        }
    }

    /** The file's name and the beginning of its SHA-256. */
    static String describe(Path file) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(read(file));
            return file.getFileName() + " (SHA-256 " + HexFormat.of().formatHex(hash, 0, 8) + ")";
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException unreadable) {
            throw new IllegalArgumentException("--katran: cannot read " + file + ": " + unreadable, unreadable);
        }
    }

    private static void requireShapes(Path file, BpfObject object) {
        SHAPES.forEach((name, sizes) -> {
            if (!object.mapNames().contains(name)) {
                throw new IllegalArgumentException("--katran: " + file + " is not Katran's balancer: it has no map " + name);
            }
            MapPlan plan = object.plan(name);
            if (plan.keySize() != sizes[0] || plan.valueSize() != sizes[1]) {
                throw new IllegalArgumentException(String.format(
                        "--katran: %s is of a version that this bench does not know: %s has keys of %d and values of %d bytes, not %d and %d",
                        file, name, plan.keySize(), plan.valueSize(), sizes[0], sizes[1]));
            }
        });
    }

    private void configure() {
        try (BpfMap cpus = object.map("lru_mapping"); BpfMap vips = object.map("vip_map"); BpfMap control = object.map("ctl_array")) {
            for (int cpu = 0; cpu < Runtime.getRuntime().availableProcessors(); cpu++) {
                cpus.updateFd(number(cpu), connections); // one for all: the bench's thread may change CPUs
            }
            control.update(number(0), ByteBuffer.allocate(8).put(new byte[] {2, 0, 0, 0, 0, 7}).array(), UpdateMode.ANY);
            for (Family family : Family.values()) {
                addReals(family);
                for (Protocol protocol : Protocol.values()) {
                    Endpoint endpoint = new Endpoint(World.vip(family).address(), PORT);
                    byte[] meta = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(0).putInt(vip(family, protocol)).array();
                    vips.update(vipKey(endpoint, protocol), meta, UpdateMode.ANY);
                    fillRing(family, vip(family, protocol));
                }
            }
        }
        if (object.mapNames().contains("pckt_srcs")) {
            setOuterSources();
        }
    }

    private void addReals(Family family) {
        try (BpfMap reals = object.map("reals")) {
            for (int i = 0; i < BACKENDS; i++) {
                byte[] address = (family == Family.IPV4 ? World.BACKEND4 : World.BACKEND6).getAddress();
                address[address.length - 1] += (byte) i;
                reals.update(number(real(family, i)), real(address), UpdateMode.ANY);
            }
        }
    }

    private void fillRing(Family family, int vip) {
        try (BpfMap rings = object.map("ch_rings")) {
            for (int i = 0; i < RING; i++) {
                rings.update(number(vip * RING + i), number(real(family, i % BACKENDS)), UpdateMode.ANY);
            }
        }
    }

    /** Of outer headers, where GUE writes them. */
    private void setOuterSources() {
        try (BpfMap sources = object.map("pckt_srcs")) {
            for (Family family : Family.values()) {
                InetAddress source = World.source(family);
                sources.update(number(family.ordinal()), real(source.getAddress()), UpdateMode.ANY);
            }
        }
    }

    private static int real(Family family, int index) {
        return 1 + family.ordinal() * BACKENDS + index;
    }

    private static byte[] real(byte[] address) {
        return ByteBuffer.allocate(20).put(address).put(16, (byte) (address.length == 16 ? IPV6_REAL : 0)).array();
    }

    private static byte[] vipKey(Endpoint endpoint, Protocol protocol) {
        return ByteBuffer.allocate(20).put(endpoint.address().getAddress()).position(16).putShort((short) endpoint.port())
                .put((byte) protocol.number()).array();
    }

    /** The number of a vip. */
    static int vip(Family family, Protocol protocol) {
        return family.ordinal() * Protocol.values().length + protocol.ordinal();
    }

    BpfProgram program() {
        return program;
    }

    /** Packets that it has forwarded for a vip. */
    long packets(int vip) {
        return counters(vip).getLong(0);
    }

    /** Packets that were of no connection. */
    long misses() {
        try (BpfMap stats = object.map("stats")) {
            return counters(stats.maxEntries() / 2 + MISSES).getLong(8);
        }
    }

    /** Two counters, summed over CPUs. */
    private ByteBuffer counters(int index) {
        try (BpfMap stats = object.map("stats")) {
            ByteBuffer all = ByteBuffer.wrap(stats.lookup(number(index)).orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer sum = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
            while (all.hasRemaining()) {
                sum.putLong(0, sum.getLong(0) + all.getLong()).putLong(8, sum.getLong(8) + all.getLong());
            }
            return sum;
        }
    }

    /** Whether it has a connection of that client, which {@link Flows#clients} has made, by TCP. */
    boolean remembers(Family family, int client) {
        byte[] address = Stage.client(family).getAddress();
        ByteBuffer.wrap(address).putInt(address.length - Integer.BYTES, Flows.address(client));
        ByteBuffer key = ByteBuffer.allocate(FLOW_KEY).put(address).position(16).put(World.vip(family).address().getAddress());
        key.position(32).putShort((short) Flows.port(client)).putShort((short) PORT).put((byte) Protocol.TCP.number());
        return connections.lookup(key.array()).isPresent();
    }

    /** Whether it writes GUE's headers, by what comes out. */
    boolean encapsulatesByGue() {
        try (Wrapper wrapper = Wrapper.around(program, frame(Family.IPV4, Protocol.TCP), Flows.clients(0, 1, Flows.ACK))) {
            return wrapper.test(1).frame()[14 + 9] == Protocol.UDP.number();
        }
    }

    /** Of clients of that vip. */
    static Frame frame(Family family, Protocol protocol) {
        return Frame.toward(protocol, new Endpoint(World.vip(family).address(), PORT), Stage.client(family));
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    @Override
    public void close() {
        connections.close();
        program.close();
        object.close();
    }
}
