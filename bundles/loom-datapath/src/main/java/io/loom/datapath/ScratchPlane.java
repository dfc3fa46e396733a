package io.loom.datapath;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.MacAddress;
import io.loom.api.Protocol;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.LookupTable;
import io.loom.api.plugin.PacketCase;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.internal.ConnectionTable;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.ListenerTable;
import io.loom.datapath.internal.TableContent;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.datapath.internal.layout.OuterSource;
import io.loom.datapath.internal.layout.StationRow;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.datapath.internal.layout.VerdictCount;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A composed program on maps of its own: what the self test before a swap, the packet tables and the bench run. Entries are
 * written by the codecs that write the live maps. Nothing is pinned or attached; closing it leaves nothing. One thread.
 */
public final class ScratchPlane implements AutoCloseable {
    /** Numbers below are fates of packets, those between it and METHOD_BASE are events. */
    private static final int FIRST_EVENT = 96;

    private final Composition composition;
    private final BpfProgram program;
    private final Map<String, BpfMap> maps;
    private final Set<ListenerKey> vips = new HashSet<>();
    private int backends;
    private int listeners;

    private ScratchPlane(Composition composition, BpfProgram program, Map<String, BpfMap> maps) {
        this.composition = composition;
        this.program = program;
        this.maps = maps;
    }

    /**
     * Loads the program on fresh maps.
     *
     * @param constants method constants that replace those of the descriptions
     */
    public static ScratchPlane open(Composition composition, Map<String, Long> constants) {
        try (BpfObject object = composition.open(constants)) {
            object.load();
            Map<String, BpfMap> maps = new HashMap<>();
            object.mapNames().forEach(name -> maps.put(name, object.map(name)));
            ScratchPlane plane = new ScratchPlane(composition, object.program(Composition.PROGRAM), maps);
            plane.putStations(World.IFINDEX, List.of(MacAddress.of(World.loomMac())));
            return plane;
        }
    }

    /**
     * A backend in the scratch world; its next hop is always known.
     *
     * @param method  that is in the composition
     * @param mtu     towards it, bytes of IP packet; 0: unknown
     * @param down    its connections choose anew
     * @param ifindex of the interface towards it
     */
    public record Backend(Endpoint endpoint, String method, int mtu, boolean down, int ifindex) {
        public Backend(Endpoint endpoint, String method) {
            this(endpoint, method, World.MTU, false, World.IFINDEX);
        }
    }

    /**
     * What became of a packet.
     *
     * @param verdict name of a {@link io.loom.api.Verdict} or of a method's reason
     * @param action  enum xdp_action
     * @param frame   as the program left it
     */
    public record Outcome(String verdict, int action, byte[] frame) {
        private static final int XDP_TX = 3;
        private static final int XDP_REDIRECT = 4;

        public boolean leaves() {
            return action == XDP_TX || action == XDP_REDIRECT;
        }
    }

    /** The world of {@link PacketCase}: both vips, forwarded by that method. */
    public void addWorld(String method) {
        addWorld(method, World.MTU, false, 0);
        Description description = method(method).description();
        for (Family family : Family.values()) {
            Family other = family == Family.IPV4 ? Family.IPV6 : Family.IPV4;
            if (reaches(description, family, other)) {
                int backend = addBackend(new Backend(World.backend(other, description), method));
                addVip(new Endpoint(World.vip(family).address(), World.CROSSED_PORT), List.of(backend));
            }
        }
    }

    /** Returns the backend's number, counted from 1. */
    public int addBackend(Backend backend) {
        putBackend(++backends, backend);
        return backends;
    }

    /** Writes the entry of a number anew. */
    public void putBackend(int number, Backend backend) {
        putBackend(number, backend, false);
    }

    /** @param draining it keeps its connections and gets no new ones */
    public void putBackend(int number, Backend backend, boolean draining) {
        SlottedMethod slotted = method(backend.method());
        NextHop hop = new NextHop(
                World.source(backend.endpoint().family()), backend.ifindex(), backend.mtu(), World.backendMac(), World.loomMac());
        BackendEntry entry = new BackendEntry(
                backend.endpoint(), slotted.slot(), backend.down(), slotted.description().stateful(), draining,
                Optional.of(hop));
        write(number, entry);
    }

    public void removeBackend(int number) {
        map("loom_backends").update(Keys.of(number), BackendEntry.none(), UpdateMode.ANY);
    }

    /**
     * A tcp listener whose table names the backends in turn; returns its number, counted from 0, which is its table's too.
     *
     * @param numbers of backends; the table has as many entries
     */
    public int addVip(Endpoint endpoint, List<Integer> numbers) {
        int number = listeners++;
        putVip(number, endpoint, LookupTable.Index.FLOW_HASH, numbers);
        return number;
    }

    /** Writes listener and table of a number anew. */
    public void putVip(int number, Endpoint endpoint, LookupTable.Index index, List<Integer> numbers) {
        int[] entries = numbers.stream().mapToInt(TableEntry::settled).toArray();
        putTable(number, entries);
        putListener(new ListenerKey(Protocol.TCP, endpoint), new ListenerEntry(number, index, Set.of(), number, entries.length, 0));
    }

    /** @param entries see {@link TableEntry}; none: no table */
    public void putTable(int number, int... entries) {
        if (entries.length > 0) {
            TableContent.publish(map("loom_tables"), number, entries);
        }
    }

    public void putListener(ListenerKey listener, ListenerEntry entry) {
        vips.add(listener);
        Family family = listener.endpoint().family();
        try (ListenerTable table = new ListenerTable(family, map("loom_listeners" + family.version()))) {
            table.putAddress(listener.endpoint().address());
            table.put(listener, entry);
        }
    }

    /** No packet is for a vip any more; numbers go on. */
    public void removeVips() {
        for (Family family : Family.values()) {
            try (ListenerTable table = new ListenerTable(family, map("loom_listeners" + family.version()))) {
                vips.stream().filter(listener -> listener.endpoint().family() == family).forEach(table::remove);
                table.addresses().forEach(table::removeAddress);
            }
        }
        vips.clear();
    }

    /** Writes anew to which MAC addresses frames are ours that come in on an interface; none: nothing is known of it. */
    public void putStations(int ifindex, List<MacAddress> macs) {
        putStationWords(StationRow.row(ifindex), macs.stream().map(mac -> StationRow.word(ifindex, mac)).toList());
    }

    /** @param words see {@link StationRow} */
    public void putStationWords(int row, List<Long> words) {
        map("loom_stations").update(Keys.of(row), StationRow.encode(words), UpdateMode.ANY);
    }

    /** The connection table of a family. */
    public ConnectionTable connections(Family family) {
        return new ConnectionTable(family, map("loom_conns" + family.version()));
    }

    /** Runs the program once on the frame. */
    public Outcome run(byte[] frame) {
        return run(program, frame);
    }

    /** @param entry the program, or one that tail-calls it */
    public Outcome run(BpfProgram entry, byte[] frame) {
        long[] before = verdicts();
        BpfProgram.TestRun run = entry.testRun(frame, 1);
        long[] after = verdicts();
        for (int number = 0; number < after.length; number++) {
            if (after[number] != before[number] && !isEvent(number)) {
                int found = number;
                String verdict = composition.verdictName(number).orElseGet(() -> "unnamed verdict " + found);
                return new Outcome(verdict, run.result(), run.frame());
            }
        }
        throw new IllegalStateException("the program counted no verdict");
    }

    /** True for numbers that are counted beside a packet's verdict. */
    public static boolean isEvent(int number) {
        return number >= FIRST_EVENT && number < io.loom.api.Verdict.METHOD_BASE;
    }

    /** Runs a case; the sentence that says how it failed, or empty. */
    public Optional<String> failure(PacketCase packet) {
        Outcome outcome = run(packet.frame());
        if (!outcome.verdict().equals(packet.verdict())) {
            return Optional.of(packet.name() + ": verdict " + outcome.verdict() + " instead of " + packet.verdict());
        }
        if (outcome.leaves() != packet.expected().isPresent()) {
            return Optional.of(packet.name() + ": XDP action " + outcome.action()
                    + (outcome.leaves() ? ", but nothing should leave" : ", but a frame should leave"));
        }
        return packet.expected()
                .filter(expected -> !Arrays.equals(expected, outcome.frame()))
                .map(expected -> packet.name() + ": frame " + HexFormat.of().formatHex(outcome.frame())
                        + " instead of " + HexFormat.of().formatHex(expected));
    }

    private long[] verdicts() {
        BpfMap map = map("loom_verdicts");
        long[] packets = new long[map.maxEntries()];
        map.forEach((key, value) -> packets[Keys.number(key)] = VerdictCount.sum(value).packets());
        return packets;
    }

    public BpfProgram program() {
        return program;
    }

    /** A map of the program, such as {@code loom_conns4}; this object owns it. */
    public BpfMap map(String name) {
        BpfMap map = maps.get(name);
        if (map == null) {
            throw new IllegalArgumentException("the program has no map " + name + " but " + maps.keySet());
        }
        return map;
    }

    private SlottedMethod method(String name) {
        return composition.slot(name).map(composition.methods()::get)
                .orElseThrow(() -> new IllegalArgumentException("method " + name + " is not in the composition"));
    }

    @Override
    public void close() {
        program.close();
        maps.values().forEach(BpfMap::close);
    }

    /**
     * Both vips with one backend each, on tcp port 80 and udp port 53.
     *
     * @param mtu     towards the backends, bytes of IP packet
     * @param crossed true: the IPv4 vip has the IPv6 backend, and the reverse
     * @param entropy bits of the last word of outer sources that come from the flow's hash
     */
    public void addWorld(String method, int mtu, boolean crossed, int entropy) {
        Description description = method(method).description();
        for (Family family : Family.values()) {
            Family target = crossed == (family == Family.IPV4) ? Family.IPV6 : Family.IPV4;
            if (reaches(description, family, target)) {
                int backend = addBackend(new Backend(World.backend(target, description), method, mtu, false, World.IFINDEX));
                drawSources(backend, entropy);
                int vip = addVip(World.vip(family), List.of(backend));
                putListener(new ListenerKey(Protocol.UDP, new Endpoint(World.vip(family).address(), World.VIP_UDP_PORT)),
                        new ListenerEntry(listeners++, LookupTable.Index.FLOW_HASH, Set.of(), vip, 1, 0));
            }
        }
    }

    private static boolean reaches(Description method, Family vip, Family backend) {
        return method.pairs().getOrDefault(vip, Set.of()).contains(backend);
    }

    /** Has these bits of a backend's outer source come from the flow. */
    private void drawSources(int number, int entropy) {
        BackendEntry entry = BackendEntry.decode(map("loom_backends").lookup(Keys.of(number)).orElseThrow()).orElseThrow();
        InetAddress source = entry.hop().orElseThrow().source();
        write(number, entry.withOuterSource(Optional.of(new OuterSource(source, entropy))));
    }

    private void write(int number, BackendEntry entry) {
        map("loom_backends").update(Keys.of(number), entry.encode(), UpdateMode.ANY);
    }
}
