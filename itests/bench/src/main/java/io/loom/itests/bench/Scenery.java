package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.Verdict;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import io.loom.datapath.internal.Keys;
import io.loom.datapath.internal.layout.FlowCount;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.TableEntry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** One vip of one family, over TCP and UDP, with 48 backends behind one method; makes the cases that need it. */
final class Scenery implements AutoCloseable {
    private static final int BACKENDS = 48;
    private static final int TABLE = 65_537;
    private static final int LISTENER = 0;
    /** Of one round. So many that flows, of which there are thousands, are not met once a second each. */
    private static final int PACKETS = 131_072;
    private static final int MOST_PACKETS = 1 << 20;
    /** Flows for each connection that the table holds, of those that nobody has seen. */
    private static final int STRANGERS = 8;
    private static final int BACKEND_PORT = 8080;

    /** In struct nat_pair of forward/nat/pair.h. */
    private static final int PAIR_WORD_AT = 0;
    private static final int PAIR_PORT_AT = 18;
    private static final int PAIR_BACKEND_AT = 40;

    private final ScratchPlane plane;
    private final Family family;
    private final Description method;
    private final String prefix;
    private final List<Wrapper> wrappers = new ArrayList<>();

    private Scenery(ScratchPlane plane, Family family, Description method, String prefix) {
        this.plane = plane;
        this.family = family;
        this.method = method;
        this.prefix = prefix + "_v" + family.version() + "_";
    }

    /**
     * @param prefix of the names of its cases
     * @param flags  of the listener
     */
    static Scenery of(Composition composition, Description method, Family family, String prefix, Set<ListenerEntry.Flag> flags) {
        ScratchPlane plane = ScratchPlane.open(composition, Map.of());
        Scenery scenery = new Scenery(plane, family, method, prefix);
        int[] numbers = new int[BACKENDS];
        for (int i = 0; i < BACKENDS; i++) {
            Endpoint endpoint = new Endpoint(scenery.backend(i), method.direct() ? World.VIP_PORT : BACKEND_PORT);
            numbers[i] = plane.addBackend(new ScratchPlane.Backend(endpoint, method.name()));
        }
        plane.putTable(0, IntStream.range(0, TABLE).map(i -> TableEntry.settled(numbers[i % BACKENDS])).toArray());
        for (Protocol protocol : Protocol.values()) {
            plane.putListener(new ListenerKey(protocol, World.vip(family)),
                    new ListenerEntry(LISTENER, LookupTable.Index.FLOW_HASH, flags, 0, TABLE, 0));
        }
        return scenery;
    }

    String tag() {
        return plane.program().tag();
    }

    /** Opens connections: by their first two packets, because the first alone need not be remembered. */
    Scenery opened(int flows) {
        List<Flow> clients = Flow.clients(flows);
        long before = connections();
        wrapper(forward(Frame.SYN), clients).run(flows);
        wrapper(forward(Frame.ACK), clients).run(flows);
        // A set that is full gives one of its connections up: about one in a hundred where the table is as full as it may be.
        if (connections() - before < flows - flows / 50) {
            throw new IllegalStateException(prefix + ": " + (connections() - before) + " of " + flows + " connections");
        }
        return this;
    }

    private long connections() {
        return FlowCount.sum(plane.map("loom_lstats").lookup(Keys.of(LISTENER)).orElseThrow()).connections();
    }

    /** Packets of so many of the connections that are open, in turn. */
    Case hits(String label, int flows) {
        Wrapper wrapper = wrapper(forward(Frame.ACK), Flow.clients(flows));
        // Brings those back that a full set has given up for others; under minimal tracking there is nothing to bring back.
        wrapper.run(flows);
        return new Case(prefix + "established_" + label, plane, wrapper, Verdict.FORWARD, Case.Opening.FEW,
                Math.max(PACKETS, Math.min(flows, MOST_PACKETS)));
    }

    /** Datagrams of one flow. */
    Case datagrams() {
        Wrapper wrapper = wrapper(Frame.datagram(World.vip(family), client()), Flow.clients(1));
        wrapper.run(1);
        return new Case(prefix + "established_1", plane, wrapper, Verdict.FORWARD, Case.Opening.FEW, PACKETS);
    }

    /** Nine of ten packets of connections that are open, one of a connection that nobody has seen. */
    Case mixed(int flows, int total) {
        List<Flow> open = Flow.clients(flows);
        List<Flow> fresh = Flow.clients(total + flows).subList(flows, total + flows);
        List<Flow> mix = new ArrayList<>(total);
        for (int i = 0; i < total; i++) {
            mix.add(i % 10 == 9 ? fresh.get(i) : open.get(i % flows));
        }
        return new Case(prefix + "mix_90_10", plane, wrapper(forward(Frame.ACK), mix), Verdict.FORWARD, Case.Opening.ANY, PACKETS);
    }

    /** The backends' half of connections that exist. */
    Case replies(String label, int flows) {
        List<Flow> backends = translated();
        Wrapper wrapper = wrapper(answer(Frame.ACK), backends.subList(0, Math.min(flows, backends.size())));
        return new Case(prefix + "reply_" + label, plane, wrapper, Verdict.REPLY, Case.Opening.FEW,
                Math.max(PACKETS, Math.min(flows, MOST_PACKETS)));
    }

    /**
     * Packets of connections that nobody has seen, into a table that is full: an older connection is evicted each time.
     *
     * @param flags   of TCP: a SYN, or the ACK after one that was not remembered
     * @param opening whether the table takes them
     */
    Case strangers(String label, int flags, int capacity, Case.Opening opening) {
        // After as many, an entry was evicted long before its turn comes again.
        Wrapper wrapper = wrapper(forward(flags), Flow.clients(STRANGERS * capacity));
        if (opening == Case.Opening.ALL) {
            wrapper.run(3 * capacity);
        }
        return new Case(prefix + label, plane, wrapper, Verdict.FORWARD, opening, PACKETS);
    }

    /** Fills the table with connections. */
    Scenery filled(int capacity) {
        wrapper(forward(Frame.ACK), Flow.clients(4 * capacity)).run(4 * capacity);
        return this;
    }

    /** SYNs into tables with room for all of them. */
    Case opening(int total, int rounds) {
        Wrapper wrapper = wrapper(forward(Frame.SYN), Flow.clients(total));
        return new Case(prefix + "new", plane, wrapper, Verdict.FORWARD, Case.Opening.ALL, total / rounds);
    }

    /** A packet that no listener wants. */
    Case passing() {
        Endpoint elsewhere = new Endpoint(World.source(family), World.VIP_PORT);
        Wrapper wrapper = wrapper(Frame.toward(elsewhere, client(), Frame.ACK), Flow.clients(1));
        return new Case("pass_v" + family.version(), plane, wrapper, Verdict.PASS_NO_LISTENER, Case.Opening.FEW, PACKETS);
    }

    Wrapper wrapper(Frame frame, List<Flow> flows) {
        Wrapper wrapper = Wrapper.around(plane.program(), frame, flows);
        wrappers.add(wrapper);
        return wrapper;
    }

    private Frame forward(int flags) {
        return Frame.toward(World.vip(family), client(), flags);
    }

    private Frame answer(int flags) {
        return Frame.reply(backend(0), BACKEND_PORT, World.source(family), flags);
    }

    /** From nat's pairs: address of the backend (its last word) and Loom's port, in those that are taken. */
    private List<Flow> translated() {
        List<Flow> flows = new ArrayList<>();
        plane.map("nat_pairs" + family.version()).forEach((place, pair) -> {
            ByteBuffer fields = ByteBuffer.wrap(pair);
            if (fields.getLong(PAIR_WORD_AT) != 0) {
                flows.add(new Flow(
                        fields.getInt(PAIR_BACKEND_AT + family.addressBytes() - Integer.BYTES),
                        Short.toUnsignedInt(fields.getShort(PAIR_PORT_AT))));
            }
        });
        return flows;
    }

    private InetAddress client() {
        return IpAddress.parse(family == Family.IPV4 ? "10.1.0.0" : "2001:db8:c::").orElseThrow();
    }

    private InetAddress backend(int index) {
        byte[] address = (family == Family.IPV4 ? World.BACKEND4 : World.BACKEND6).getAddress();
        address[address.length - 1] += (byte) index;
        try {
            return InetAddress.getByAddress(address);
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
