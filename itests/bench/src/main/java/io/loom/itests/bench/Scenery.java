package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Verdict;
import io.loom.api.plugin.Description;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.World;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One vip of one family with sixteen backends behind one method, on maps of the shipped sizes; makes the cases that need it. */
final class Scenery implements AutoCloseable {
    private static final int BACKENDS = 16;
    private static final int TABLE = 65_537;
    private static final int PACKETS = 32_768;
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

    private Scenery(ScratchPlane plane, Family family, Description method) {
        this.plane = plane;
        this.family = family;
        this.method = method;
        this.prefix = method.name() + "_v" + family.version() + "_";
    }

    static Scenery of(Composition composition, Description method, Family family) {
        ScratchPlane plane = ScratchPlane.open(composition, Map.of());
        Scenery scenery = new Scenery(plane, family, method);
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < BACKENDS; i++) {
            Endpoint endpoint = new Endpoint(scenery.backend(i), method.direct() ? World.VIP_PORT : BACKEND_PORT);
            numbers.add(plane.addBackend(new ScratchPlane.Backend(endpoint, method.name())));
        }
        List<Integer> table = new ArrayList<>();
        for (int i = 0; i < TABLE; i++) {
            table.add(numbers.get(i % BACKENDS));
        }
        plane.addVip(World.vip(family), table);
        return scenery;
    }

    String tag() {
        return plane.program().tag();
    }

    /** Connections that exist; the packets are the client's, in turn. */
    Case established(String label, int flows) {
        List<Flow> clients = Flow.clients(flows);
        open(clients);
        Wrapper wrapper = wrapper(forward(Frame.ACK), clients);
        Case made = new Case(prefix + "established_" + label, plane, wrapper, Verdict.FORWARD, false, PACKETS);
        made.measure();
        return made;
    }

    /** The backends' half of connections that exist. */
    Case replies(String label, int flows) {
        open(Flow.clients(flows));
        List<Flow> backends = translated();
        if (backends.size() < flows) {
            throw new IllegalStateException(backends.size() + " translations for " + flows + " connections");
        }
        Wrapper handshake = wrapper(answer(Frame.SYN | Frame.ACK), backends);
        new Case(prefix + "handshake", plane, handshake, Verdict.REPLY, false, flows).measure();
        Wrapper wrapper = wrapper(answer(Frame.ACK), backends);
        return new Case(prefix + "reply_" + label, plane, wrapper, Verdict.REPLY, false, PACKETS);
    }

    /** First packets of connections that nobody has seen, into a table that is full already and evicts an older one each time. */
    Case openingWhenFull(int capacity) {
        // Twice the capacity fills it surely; after four times as many, an entry was evicted long before its turn comes again.
        Wrapper wrapper = wrapper(forward(Frame.SYN), Flow.clients(4 * capacity));
        new Case(prefix + "fill", plane, wrapper, Verdict.FORWARD, true, 2 * capacity).measure();
        return new Case(prefix + "new_full", plane, wrapper, Verdict.FORWARD, true, PACKETS);
    }

    /** The same with room in the tables for all of them. */
    Case opening(int total, int rounds) {
        Wrapper wrapper = wrapper(forward(Frame.SYN), Flow.clients(total));
        return new Case(prefix + "new", plane, wrapper, Verdict.FORWARD, true, total / rounds);
    }

    /** A packet that no listener wants. */
    Case passing() {
        Endpoint elsewhere = new Endpoint(World.source(family), World.VIP_PORT);
        Wrapper wrapper = wrapper(Frame.toward(elsewhere, client(), Frame.ACK), Flow.clients(1));
        return new Case("pass_v" + family.version(), plane, wrapper, Verdict.PASS_NO_LISTENER, false, PACKETS);
    }

    Wrapper wrapper(Frame frame, List<Flow> flows) {
        Wrapper wrapper = Wrapper.around(plane.program(), frame, flows);
        wrappers.add(wrapper);
        return wrapper;
    }

    private void open(List<Flow> clients) {
        new Case(prefix + "open", plane, wrapper(forward(Frame.SYN), clients), Verdict.FORWARD, true, clients.size()).measure();
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
