package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.datapath.World;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Says of every frame what may have become of it, from what a balancer is and from what the judge has seen before; knows
 * nothing of how the program works. What leaves is made anew from what came in, by other code, and compared byte by byte;
 * checksums are not compared but must be as right or as wrong as they came in.
 */
final class FuzzJudge {
    static final int XDP_DROP = 1;
    static final int XDP_PASS = 2;
    static final int XDP_TX = 3;

    /** A client's connection to a vip. */
    private record Flow(Anatomy.Peer client, Anatomy.Peer vip) {}

    /** How a backend sees it: its own endpoint, and Loom's. */
    private record Leg(Anatomy.Peer backend, Anatomy.Peer loom) {}

    private final Map<Anatomy.Peer, FuzzWorld.Vip> vips = new HashMap<>();
    private final Map<Flow, Anatomy.Peer> backendOf = new HashMap<>();
    private final Map<Flow, Integer> labelOf = new HashMap<>();
    private final Map<Flow, Set<ByteBuffer>> linksOf = new HashMap<>();
    private final Map<Leg, Flow> owners = new HashMap<>();
    private final Map<Flow, Leg> legs = new HashMap<>();
    private final List<Anatomy.Peer[]> replies = new ArrayList<>();
    private final Map<Integer, Long> forwarded = new HashMap<>();

    FuzzJudge(List<FuzzWorld.Vip> all) {
        all.forEach(vip -> vips.put(peer(vip.endpoint()), vip));
    }

    private static Anatomy.Peer peer(io.loom.api.Endpoint endpoint) {
        return new Anatomy.Peer(ByteBuffer.wrap(endpoint.address().getAddress()), endpoint.port());
    }

    /** Source and destination of the answers that backends may send. */
    List<Anatomy.Peer[]> replies() {
        return replies;
    }

    /** Packets sent to backends, by number of listener. */
    Map<Integer, Long> forwarded() {
        return forwarded;
    }

    void judge(byte[] in, int action, byte[] out) {
        assertTrue(action == XDP_DROP || action == XDP_PASS || action == XDP_TX, "XDP action " + action);
        if (action == XDP_PASS) {
            assertArrayEquals(in, out, "a packet that passes is not changed");
        }
        Anatomy.Reading reading = Anatomy.read(in);
        switch (reading.shape()) {
            case FOREIGN -> assertEquals(XDP_PASS, action, "nobody's business");
            case MALFORMED -> assertEquals(XDP_DROP, action, "malformed");
            case TCP -> judge(reading.anatomy().orElseThrow(), action, out);
        }
    }

    private void judge(Anatomy in, int action, byte[] out) {
        FuzzWorld.Vip vip = vips.get(in.destination());
        Flow answered = owners.get(new Leg(in.source(), in.destination()));
        if (vip != null) {
            request(vip, in, action, out);
        } else if (answered == null) {
            stranger(in, action, out);
        } else if (in.ttl() <= 1) {
            assertEquals(XDP_DROP, action, "a reply at the end of its life");
        } else {
            assertEquals(XDP_TX, action, "a reply");
            reply(answered, in, out);
        }
    }

    /**
     * Neither for a vip nor a reply that the judge knows. A request that died on Loom has a port all the same: by accident a
     * frame may be an answer to it.
     */
    private void stranger(Anatomy in, int action, byte[] out) {
        Anatomy sent = Anatomy.read(out).anatomy().orElseThrow();
        Flow died = new Flow(sent.destination(), sent.source());
        if (action == XDP_TX && linksOf.containsKey(died) && vips.get(died.vip()).isNat() && !legs.containsKey(died)) {
            reply(died, in, out);
        } else if (action != XDP_DROP || in.ttl() > 1) {
            assertEquals(XDP_PASS, action, "neither for a vip nor a reply");
        }
    }

    private void request(FuzzWorld.Vip vip, Anatomy in, int action, byte[] out) {
        Flow flow = new Flow(in.source(), in.destination());
        boolean known = !vip.isNat() || legs.containsKey(flow) || linksOf.containsKey(flow);
        int overhead = vip.isNat() ? 0 : in.version() == 4 ? 20 : 40;
        if (!in.headerIsRight()) {
            assertEquals(XDP_DROP, action, "header checksum");
        } else if (!known && !in.opens()) {
            assertEquals(XDP_PASS, action, "nat without a connection is the local stack's");
        } else {
            linksOf.computeIfAbsent(flow, fresh -> new HashSet<>()).add(in.link());
            boolean dies = in.ttl() <= 1 || in.length() + overhead > FuzzWorld.MTU;
            assertEquals(dies ? XDP_DROP : XDP_TX, action, "a request, ttl " + in.ttl() + ", length " + in.length());
            if (!dies) {
                forwarded.merge(vip.number(), 1L, Long::sum);
                sent(vip, flow, in, out);
            }
        }
    }

    private void sent(FuzzWorld.Vip vip, Flow flow, Anatomy in, byte[] out) {
        Anatomy.Peer backend = vip.isNat() ? translated(vip, flow, in, out) : wrapped(vip, flow, in, out);
        Anatomy.Peer before = backendOf.putIfAbsent(flow, backend);
        assertTrue(before == null || before.equals(backend), () -> "one flow, two backends: " + before + ", " + backend);
    }

    private Anatomy.Peer translated(FuzzWorld.Vip vip, Flow flow, Anatomy in, byte[] out) {
        Anatomy sent = Anatomy.read(out).anatomy().orElseThrow(() -> new AssertionError("what leaves is no TCP packet"));
        assertTrue(vip.backends().stream().anyMatch(one -> peer(one).equals(sent.destination())), () -> "to " + sent.destination());
        Leg leg = new Leg(sent.destination(), sent.source());
        int port = leg.loom().port();
        assertTrue(port >= FuzzWorld.FIRST_PORT && port < FuzzWorld.FIRST_PORT + FuzzWorld.PORTS, "source port " + port);
        Flow owner = owners.putIfAbsent(leg, flow);
        assertTrue(owner == null || owner.equals(flow), () -> "two connections with one port: " + owner + ", " + flow);
        // A SYN may begin anew where a connection was closing: its old port is in quarantine, and it can get another.
        Leg before = in.opens() ? leg : legs.getOrDefault(flow, leg);
        legs.put(flow, leg);
        assertEquals(before, leg, "one connection with two ports");
        if (owner == null) {
            replies.add(new Anatomy.Peer[] {leg.backend(), leg.loom()});
        }
        Anatomy.Peer loom = new Anatomy.Peer(ByteBuffer.wrap(World.source(vip.family()).getAddress()), port);
        assertSameButFor(in, sent, Expected.translated(in, loom, leg.backend(), Expected.toBackend()));
        return leg.backend();
    }

    private Anatomy.Peer wrapped(FuzzWorld.Vip vip, Flow flow, Anatomy in, byte[] out) {
        int label = Expected.label(out, in);
        for (io.loom.api.Endpoint backend : vip.backends()) {
            byte[] expected = Expected.wrapped(in, backend.address().getAddress(), label);
            if (out.length == expected.length && Expected.outerIsTo(out, in, backend.address().getAddress())) {
                int overhead = out.length - in.frame().length;
                Anatomy inner = new Anatomy(out, in.version(), in.l3() + overhead, in.l4() + overhead, in.end() + overhead);
                assertSameButFor(in, inner, expected);
                keepsLabel(flow, in, label);
                return peer(backend);
            }
        }
        throw new AssertionError("sent to none of the vip's backends");
    }

    /** A flow without a label of its own always gets the same one. */
    private void keepsLabel(Flow flow, Anatomy in, int label) {
        if (in.version() == 6 && Expected.label(in.frame(), in) == 0) {
            Integer before = labelOf.putIfAbsent(flow, label);
            assertTrue(before == null || before == label, () -> "one flow, two labels: " + before + ", " + label);
        }
    }

    private void reply(Flow flow, Anatomy in, byte[] out) {
        Anatomy sent = Anatomy.read(out).anatomy().orElseThrow(() -> new AssertionError("what leaves is no TCP packet"));
        assertEquals(flow, new Flow(sent.destination(), sent.source()), "a reply goes to its client, from the vip");
        ByteBuffer link = sent.link();
        Set<ByteBuffer> links = linksOf.get(flow);
        assertNotNull(links);
        assertTrue(links.contains(Expected.turned(link)), "a reply goes back the way that the client came");
        assertSameButFor(in, sent, Expected.translated(in, flow.vip(), flow.client(), link.array()));
    }

    /** The frame that left is the expected one; its checksums are right if those that came in were. */
    private static void assertSameButFor(Anatomy in, Anatomy sent, byte[] expected) {
        assertEquals(in.headerIsRight(), sent.headerIsRight(), "header checksum is as right as it was");
        assertEquals(in.tcpIsRight(), sent.tcpIsRight(), "TCP checksum is as right as it was");
        Expected.takeSums(expected, sent, in);
        assertArrayEquals(expected, sent.frame(), "what leaves");
    }
}
