package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.datapath.World;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
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

    /** @param vip the packet is for; null: it is a reply */
    private record First(FuzzWorld.Vip vip, Flow flow, Anatomy.Peer backend, Anatomy.Peer loom) {}

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
    /** Flows of which an end has said that it has finished: a SYN begins them anew. */
    private final Set<Flow> closing = new HashSet<>();
    /** Flows that have begun anew: nat may give them another port, while what answers the former one still finds them. */
    private final Set<Flow> anew = new HashSet<>();
    /** Flows whose first packet was a fragment that may have begun a connection or not, before it was dropped. */
    private final Set<Flow> uncertain = new HashSet<>();
    /** What became of first fragments, by what makes fragments those of one packet. */
    private final Map<ByteBuffer, First> firsts = new HashMap<>();
    private int fragments;
    private final FuzzErrors errors = new FuzzErrors(vips);
    private int errorsToBackends;
    private int errorsToClients;

    FuzzJudge(List<FuzzWorld.Vip> all) {
        all.forEach(vip -> vips.put(peer(vip, vip.endpoint()), vip));
    }

    private static Anatomy.Peer peer(FuzzWorld.Vip vip, Endpoint endpoint) {
        return new Anatomy.Peer(ByteBuffer.wrap(endpoint.address().getAddress()), endpoint.port(), vip.protocol().number());
    }

    /** Source and destination of the answers that backends may send. */
    List<Anatomy.Peer[]> replies() {
        return replies;
    }

    /** Packets sent to backends, by number of listener. */
    Map<Integer, Long> forwarded() {
        return forwarded;
    }

    /** Fragments that were sent on. */
    int fragments() {
        return fragments;
    }

    /** ICMP errors that were sent to backends, and to clients. */
    List<Integer> errors() {
        return List.of(errorsToBackends, errorsToClients);
    }

    void judge(byte[] in, int action, byte[] out) {
        assertTrue(action == XDP_DROP || action == XDP_PASS || action == XDP_TX, "XDP action " + action);
        if (action == XDP_PASS) {
            assertArrayEquals(in, out, "a packet that passes is not changed");
        }
        if (Anatomy.isOfOtherStation(in)) {
            assertEquals(XDP_PASS, action, "another station's");
            return;
        }
        Anatomy.Reading reading = Anatomy.read(in);
        switch (reading.shape()) {
            case FOREIGN -> assertEquals(XDP_PASS, action, "nobody's business");
            case MALFORMED -> assertEquals(XDP_DROP, action, "malformed");
            case SCRAP -> assertTrue(action != XDP_TX, "a fragment that is good for nothing");
            case FRAGMENT -> fragment(reading.anatomy().orElseThrow(), action, out);
            case ERROR -> error(reading.anatomy().orElseThrow(), action, out);
            case TRANSPORT -> judge(reading.anatomy().orElseThrow(), action, out);
        }
    }

    /** What an error is about may be unknown or known; here counts what leaves. */
    private void error(Anatomy in, int action, byte[] out) {
        if (action != XDP_TX) {
            return;
        }
        FuzzWorld.Vip vip = errors.vip(in);
        if (vip != null) {
            forwarded.merge(vip.number(), 1L, Long::sum);
            errors.sent(vip, in, out);
            errorsToBackends++;
            return;
        }
        FuzzErrors.Quoted quoted = FuzzErrors.quoted(in);
        Flow flow = owners.get(new Leg(quoted.destination(), quoted.source()));
        if (flow == null) {
            Anatomy sent = new Anatomy(out, in.version(), in.protocol(), in.l3(), in.l4(), in.end());
            flow = new Flow(FuzzErrors.quoted(sent).source(), FuzzErrors.quoted(sent).destination());
            assertTrue(mayHaveUnseenPort(flow), "an error about nobody's packet");
        }
        errors.returned(flow.vip(), flow.client(), in, out);
        errorsToClients++;
    }

    /** Whether one overlaps another is for the packet tables; here counts that what leaves is right, and goes where it must. */
    private void fragment(Anatomy in, int action, byte[] out) {
        if (in.piece() == Anatomy.Piece.FIRST) {
            first(in, action, out);
            return;
        }
        First first = firsts.get(in.packetKey());
        if (action != XDP_TX) {
            boolean toVip = vips.keySet().stream().anyMatch(vip -> vip.address().equals(in.receiver()));
            assertTrue(first != null || toVip || action == XDP_PASS,
                    "a fragment without its first one");
            return;
        }
        assertNotNull(first, "a fragment without its first one");
        if (first.vip() != null && in.version() == 6 && dies(first.vip(), in)) {
            FuzzErrors.told(first.vip(), in, out);
            return;
        }
        fragments++;
        if (first.vip() == null) {
            returned(first.flow(), in, out);
        } else {
            forwarded.merge(first.vip().number(), 1L, Long::sum);
            assertTrue(in.headerIsRight() && !in.isRoutedOn(), "header checksum, source route");
            assertEquals(first.backend(), later(first, in, out), "fragments of one packet to two backends");
        }
    }

    private void first(Anatomy in, int action, byte[] out) {
        FuzzWorld.Vip vip = vips.get(in.destination());
        Flow flow = vip == null ? owners.get(new Leg(in.source(), in.destination())) : new Flow(in.source(), in.destination());
        if (vip != null && action != XDP_PASS) {
            if (!linksOf.containsKey(flow)) {
                uncertain.add(flow);
            }
            linksOf.computeIfAbsent(flow, fresh -> new HashSet<>()).add(in.link());
            age(flow, in);
        }
        if (action != XDP_TX) {
            return;
        }
        if (vip != null && dies(vip, in)) {
            FuzzErrors.told(vip, in, out);
            firsts.put(in.packetKey(), new First(vip, flow, null, null));
            return;
        }
        fragments++;
        if (vip == null) {
            assertNotNull(flow, "a fragment to nobody");
            reply(flow, in, out);
            firsts.put(in.packetKey(), new First(null, flow, in.source(), in.destination()));
            return;
        }
        assertTrue(in.headerIsRight() && !in.isRoutedOn(), "header checksum, source route");
        forwarded.merge(vip.number(), 1L, Long::sum);
        uncertain.remove(flow);
        sent(vip, flow, in, out);
        Leg leg = legs.get(flow);
        firsts.put(in.packetKey(), new First(vip, flow, backendOf.get(flow), leg == null ? null : leg.loom()));
    }

    /** The backend that a later fragment was sent to. */
    private Anatomy.Peer later(First first, Anatomy in, byte[] out) {
        if (!first.vip().isNat()) {
            return direct(first.vip(), first.flow(), in, out);
        }
        Anatomy sent = in.in(out, 0);
        assertSameButFor(in, sent, Expected.translated(in, first.loom(), first.backend(), Expected.toBackend()));
        return first.backend();
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
        if (action == XDP_TX && mayHaveUnseenPort(died)) {
            reply(died, in, out);
        } else if (action != XDP_DROP || in.ttl() > 1) {
            assertEquals(XDP_PASS, action, "neither for a vip nor a reply");
        }
    }

    /** A packet of it died on Loom, when it had just begun. */
    private boolean mayHaveUnseenPort(Flow flow) {
        FuzzWorld.Vip vip = vips.get(flow.vip());
        return linksOf.containsKey(flow) && vip.isNat() && (!legs.containsKey(flow) || anew.contains(flow));
    }

    private void request(FuzzWorld.Vip vip, Anatomy in, int action, byte[] out) {
        Flow flow = new Flow(in.source(), in.destination());
        boolean known = !vip.isNat() || legs.containsKey(flow) || linksOf.containsKey(flow);
        if (!in.headerIsRight()) {
            assertEquals(XDP_DROP, action, "header checksum");
        } else if (in.isRoutedOn()) {
            assertEquals(XDP_PASS, action, "a source route that goes on");
        } else if (in.isMartian()) {
            assertEquals(XDP_DROP, action, "a martian");
        } else if (in.isGroup() && action == XDP_DROP || uncertain.contains(flow) && action == XDP_PASS) {
            return;
        } else if (!known && !in.opens()) {
            assertEquals(XDP_PASS, action, "nat without a connection is the local stack's");
        } else {
            linksOf.computeIfAbsent(flow, fresh -> new HashSet<>()).add(in.link());
            age(flow, in);
            boolean dies = dies(vip, in);
            String what = "a request, ttl " + in.ttl() + ", length " + in.length();
            if (dies) {
                assertTrue(action == XDP_DROP || action == XDP_TX, what); // there are not so many answers as there are packets
            } else {
                assertEquals(XDP_TX, action, what);
            }
            if (dies && action == XDP_TX) {
                FuzzErrors.told(vip, in, out);
            } else if (!dies) {
                forwarded.merge(vip.number(), 1L, Long::sum);
                sent(vip, flow, in, out);
            }
        }
    }

    /** Whether it cannot go on, so that its sender may be told. */
    private static boolean dies(FuzzWorld.Vip vip, Anatomy in) {
        return in.ttl() <= 1 || in.length() + vip.overhead() > FuzzWorld.MTU;
    }

    private void age(Flow flow, Anatomy in) {
        if (in.opens() && closing.remove(flow)) {
            anew.add(flow);
        }
        if (in.closes()) {
            closing.add(flow);
        }
    }

    private void sent(FuzzWorld.Vip vip, Flow flow, Anatomy in, byte[] out) {
        Anatomy.Peer backend = vip.isNat() ? translated(vip, flow, in, out) : direct(vip, flow, in, out);
        Anatomy.Peer before = backendOf.putIfAbsent(flow, backend);
        assertTrue(before == null || before.equals(backend), () -> "one flow, two backends: " + before + ", " + backend);
    }

    private Anatomy.Peer direct(FuzzWorld.Vip vip, Flow flow, Anatomy in, byte[] out) {
        if (vip.way().method().equals("l2")) {
            return addressed(vip, in, out);
        }
        return vip.isGue() || vip.way().crossed() ? enveloped(vip, in, out) : wrapped(vip, flow, in, out);
    }

    private Anatomy.Peer translated(FuzzWorld.Vip vip, Flow flow, Anatomy in, byte[] out) {
        Anatomy sent = Anatomy.read(out).anatomy().orElseThrow(() -> new AssertionError("what leaves is no packet of TCP or UDP"));
        assertTrue(vip.backends().stream().anyMatch(one -> peer(vip, one).equals(sent.destination())), () -> "to " + sent.destination());
        Leg leg = new Leg(sent.destination(), sent.source());
        if (vip.keepsClient()) {
            assertEquals(flow.client(), leg.loom(), "the client's address is kept");
        } else {
            int port = leg.loom().port();
            assertTrue(port >= FuzzWorld.FIRST_PORT && port < FuzzWorld.FIRST_PORT + FuzzWorld.PORTS, "source port " + port);
            assertEquals(ByteBuffer.wrap(World.source(vip.family()).getAddress()), leg.loom().address(), "source address");
        }
        claim(flow, leg);
        assertSameButFor(in, sent, Expected.translated(in, leg.loom(), leg.backend(), Expected.toBackend()));
        return leg.backend();
    }

    /** A leg has one flow and a flow one leg, but for what a former connection of the flow has left behind. */
    private void claim(Flow flow, Leg leg) {
        Flow owner = owners.put(leg, flow);
        assertTrue(owner == null || owner.equals(flow) || !leg.equals(legs.get(owner)),
                () -> "two connections with one port: " + owner + ", " + flow);
        Leg before = legs.put(flow, leg);
        assertTrue(before == null || before.equals(leg) || anew.contains(flow),
                () -> "one connection with two ports: " + before + ", " + leg);
        anew.remove(flow);
        if (owner == null) {
            replies.add(new Anatomy.Peer[] {leg.backend(), leg.loom()});
        }
    }

    /** l2: the packet is one hop older, and only the link says to which backend it goes. */
    private Anatomy.Peer addressed(FuzzWorld.Vip vip, Anatomy in, byte[] out) {
        byte[] expected = in.frame().clone();
        System.arraycopy(Expected.toBackend(), 0, expected, 0, 12);
        Expected.age(expected, in.version(), in.l3());
        assertSameButFor(in, in.in(out, 0), expected);
        return peer(vip, vip.backends().get(0));
    }

    private Anatomy.Peer enveloped(FuzzWorld.Vip vip, Anatomy in, byte[] out) {
        byte[] address = Envelope.open(in, out, vip);
        return vip.backends().stream().filter(one -> Arrays.equals(one.address().getAddress(), address)).findFirst()
                .map(one -> peer(vip, one)).orElseThrow(() -> new AssertionError("sent to none of the vip's backends"));
    }

    private Anatomy.Peer wrapped(FuzzWorld.Vip vip, Flow flow, Anatomy in, byte[] out) {
        int label = Expected.label(out, in);
        for (Endpoint backend : vip.backends()) {
            byte[] expected = Expected.wrapped(in, backend.address().getAddress(), label);
            if (out.length == expected.length && Expected.outerIsTo(out, in, backend.address().getAddress())) {
                int overhead = out.length - in.frame().length;
                assertSameButFor(in, in.in(out, overhead), expected);
                keepsLabel(flow, in, label);
                return peer(vip, backend);
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
        Anatomy sent = Anatomy.read(out).anatomy().orElseThrow(() -> new AssertionError("what leaves is no packet of TCP or UDP"));
        assertEquals(flow, new Flow(sent.destination(), sent.source()), "a reply goes to its client, from the vip");
        if (in.closes()) {
            closing.add(flow);
        }
        returned(flow, in, out);
    }

    private void returned(Flow flow, Anatomy in, byte[] out) {
        Anatomy sent = in.in(out, 0);
        ByteBuffer link = sent.link();
        Set<ByteBuffer> links = linksOf.get(flow);
        assertNotNull(links);
        assertTrue(links.contains(Expected.turned(link)), "a reply goes back the way that the client came");
        assertSameButFor(in, sent, Expected.translated(in, flow.vip(), flow.client(), link.array()));
    }

    /** The frame that left is the expected one; its checksums are right if those that came in were. */
    private static void assertSameButFor(Anatomy in, Anatomy sent, byte[] expected) {
        assertEquals(in.headerIsRight(), sent.headerIsRight(), "header checksum is as right as it was");
        if (in.piece() != Anatomy.Piece.LATER) {
            assertEquals(in.transportSum(), sent.transportSum(), "checksum is as right as it was");
            assertTrue(in.transportSum() == Anatomy.Sum.NONE || in.residue() == sent.residue(), "checksum is as wrong as it was");
        }
        Expected.takeSums(expected, sent, in);
        assertArrayEquals(expected, sent.frame(), "what leaves");
    }
}
