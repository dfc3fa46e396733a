package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Prefix;
import io.loom.api.Protocol;
import io.loom.api.Verdict;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.AclKeys;
import io.loom.datapath.internal.layout.GuardEntry;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The program on maps of its own, with any number of vips that share them. */
final class Stage implements AutoCloseable {
    private static final int TABLE = 65_537;
    private static final int FIRST_PORT = 80;
    private static final int BACKEND_PORT = 8080;
    private static final int FIRST_NAT_PORT = 16_384;
    /** Of forward/nat/source.h: ports that are neighbours have neighbouring places. */
    private static final int NAT_WAYS = 4;
    /** Many ports for nat, so that the backends are enough for a million connections. */
    private static final Map<String, Long> CONSTANTS = Map.of("nat_port_first", (long) FIRST_NAT_PORT, "nat_port_count", 49_152L);
    /** struct loom_verdict_count and struct loom_flow_count: three 64-bit counters, packets first, connections last. */
    private static final int COUNTERS = 24;
    private static final int PACKETS_AT = 0;
    private static final int CONNECTIONS_AT = 16;

    private static final int DENIED = 100_000;

    private final ScratchPlane plane;
    private final int ifindex;
    private final List<Wrapper> wrappers = new ArrayList<>();
    private int listeners;

    /** @param ifindex of the interface towards all backends */
    Stage(Composition composition, int ifindex) {
        this.plane = ScratchPlane.open(composition, CONSTANTS);
        this.ifindex = ifindex;
        plane.putStations(World.IFINDEX, List.of(Frame.STATION)); // as on every interface that loomd is attached to
    }

    /**
     * A listener on a port of its own.
     *
     * @param method that forwards its packets
     * @return its number
     */
    int listen(ListenerKey key, Description method, int backends, Set<ListenerEntry.Flag> flags) {
        int number = listeners++;
        int first = 0;
        for (int i = 0; i < backends; i++) {
            Endpoint endpoint = new Endpoint(
                    backend(key.endpoint().family(), i), method.direct() ? key.endpoint().port() : BACKEND_PORT);
            int added = plane.addBackend(new ScratchPlane.Backend(endpoint, method.name(), World.MTU, false, ifindex));
            first = i == 0 ? added : first;
        }
        int[] table = new int[TABLE];
        for (int i = 0; i < TABLE; i++) {
            table[i] = TableEntry.settled(first + i % backends);
        }
        plane.putTable(number, table);
        if (flags.contains(ListenerEntry.Flag.GUARDED)) {
            denySources(number, key.endpoint().family());
        }
        plane.putListener(key, new ListenerEntry(number, LookupTable.Index.FLOW_HASH, flags, number, TABLE, 0));
        return number;
    }

    /** A list of {@link #DENIED} networks around the clients', none of which they are in, that the listener asks for. */
    private void denySources(int listener, Family family) {
        for (int i = 0; i < DENIED; i++) {
            plane.map("loom_acl" + family.version()).update(AclKeys.encode(network(family, i)), AclKeys.action(true), UpdateMode.ANY);
        }
        GuardEntry guard = new GuardEntry(Set.of(GuardEntry.Flag.ACL), 0);
        plane.map("loom_guards").update(Keys.of(listener), guard.encode(), UpdateMode.ANY);
    }

    /**
     * The number's lowest bits are the network's highest, so that networks are spread evenly over a range that the clients are in, and
     * a search for a client goes deep.
     */
    private static Prefix network(Family family, int number) {
        byte[] bytes = client(family).getAddress();
        ByteBuffer address = ByteBuffer.wrap(bytes);
        int word = family == Family.IPV4 ? 0 : Integer.BYTES;
        int spread = Integer.reverse(number);
        if (spread >>> 15 == address.getInt(word) >>> 15) {
            spread = ~spread; // the clients are there
        }
        address.putInt(word, spread);
        return Prefix.around(address(bytes), family == Family.IPV4 ? 28 : 64);
    }

    /** Where the next listener may be. */
    ListenerKey nextKey(Family family, Protocol protocol) {
        return new ListenerKey(protocol, new Endpoint(World.vip(family).address(), FIRST_PORT + listeners));
    }

    /** Packets of clients; the caller closes it, or has this stage {@link #keep} it. */
    Wrapper clients(ListenerKey key, Flows flows) {
        return Wrapper.around(plane.program(), frame(key), flows);
    }

    /** One to each group of places where nat may put pairs of these backends. */
    Flows repliesOfNobody(Family family, int backends) {
        byte[] first = backend(family, 0).getAddress();
        return Flows.replies(ByteBuffer.wrap(first).getInt(first.length - Integer.BYTES), backends, FIRST_NAT_PORT, NAT_WAYS);
    }

    static Frame frame(ListenerKey key) {
        return Frame.toward(key.protocol(), key.endpoint(), client(key.endpoint().family()));
    }

    /** Packets of nat's backends; the caller closes it, or has this stage {@link #keep} it. */
    Wrapper backends(Family family, Flows flows) {
        return Wrapper.around(
                plane.program(), Frame.reply(backend(family, 0), BACKEND_PORT, World.source(family)), flows);
    }

    /** Closes it with this stage. */
    Wrapper keep(Wrapper wrapper) {
        wrappers.add(wrapper);
        return wrapper;
    }

    ScratchPlane plane() {
        return plane;
    }

    /** Packets that got a verdict. */
    long packets(Verdict verdict) {
        return count("loom_verdicts", verdict.number(), PACKETS_AT);
    }

    /** Connections of a listener that were entered into the table. */
    long connections(int listener) {
        return count("loom_lstats", listener, CONNECTIONS_AT);
    }

    private long count(String map, int key, int offset) {
        byte[] number = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(key).array();
        ByteBuffer counters = ByteBuffer.wrap(plane.map(map).lookup(number).orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
        long sum = 0;
        for (int cpu = 0; cpu < counters.capacity(); cpu += COUNTERS) {
            sum += counters.getLong(cpu + offset);
        }
        return sum;
    }

    static InetAddress client(Family family) {
        return address(family == Family.IPV4 ? new byte[] {10, 1, 0, 0}
                : new byte[] {0x20, 1, 0xd, (byte) 0xb8, 0, 0xc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    }

    private static InetAddress backend(Family family, int index) {
        byte[] address = (family == Family.IPV4 ? World.BACKEND4 : World.BACKEND6).getAddress();
        address[address.length - 1] += (byte) index;
        return address(address);
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public void close() {
        wrappers.forEach(Wrapper::close);
        plane.close();
    }
}
