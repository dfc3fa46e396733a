package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.nat.NatForwarding;
import io.loom.libbpf.ElfObject;
import io.loom.libbpf.ObjectLinker;
import io.loom.protocol.tcp.TcpHandler;
import io.loom.protocol.udp.UdpHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a method or a protocol handler does, it does in every slot. */
class SlotsIT {
    private static final int METHODS = 8;
    private static final int HANDLERS = 4;
    private static final Frames FRAMES = new Frames();

    /** nat in that slot, ipip in the next one; TCP's handler in the slot of that number as far as there are so many, then UDP's. */
    private static Composition composition(int slot) {
        SortedMap<Integer, SlottedMethod> methods = new TreeMap<>();
        for (ForwardingMethod method : List.of(new NatForwarding(), new IpipForwarding())) {
            SlottedMethod slotted = SlottedMethod.of((slot + methods.size()) % METHODS, method);
            methods.put(slotted.slot(), slotted);
        }
        SortedMap<Integer, Protocol> handlers =
                new TreeMap<>(Map.of(slot % HANDLERS, Protocol.TCP, (slot + 1) % HANDLERS, Protocol.UDP));
        return new Composition(
                link(methods, handlers), methods, 1 << slot, 1 << slot, handlers, Tuning.small(Linked.HZ), "slot " + slot);
    }

    /** As {@link Composer} links, but for the handlers, which it gives the first slots. */
    private static byte[] link(SortedMap<Integer, SlottedMethod> methods, SortedMap<Integer, Protocol> handlers) {
        List<ElfObject> objects = new ArrayList<>(List.of(ElfObject.parse(Composer.object("core_cache"))));
        methods.forEach((slot, method) -> objects.add(inSlot(method.object(), slot)));
        handlers.forEach((slot, protocol) -> objects.add(
                inSlot(protocol == Protocol.TCP ? new TcpHandler().object() : new UdpHandler().object(), slot)));
        return ObjectLinker.link(objects);
    }

    private static ElfObject inSlot(byte[] object, int slot) {
        return ElfObject.parse(object).renamed("_slotXX", "_slot0" + slot);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void theSameMethodDoesTheSame(int slot) {
        try (ScratchPlane plane = ScratchPlane.open(composition(slot), Linked.ONE_PORT)) {
            plane.addWorld("nat");
            for (Family family : Family.values()) {
                assertEquals("FORWARD", run(plane, FRAMES.request(family, "S", 40000)), "forwards");
                assertEquals("REPLY", run(plane, FRAMES.answer(family, "SA", 20000)), "knows its replies");
                assertEquals("DROP_PORTS_EXHAUSTED", run(plane, FRAMES.request(family, "S", 40001)), "gives its own reasons");
                assertEquals("PASS_NO_LISTENER", run(plane, FRAMES.answer(family, "SA", 20001)));
            }
            plane.removeVips();
            plane.addWorld("ipip", 1500, false, 0);
            for (Family family : Family.values()) {
                ScratchPlane.Outcome outcome = plane.run(FRAMES.datagram(family, 40000));
                assertEquals("FORWARD", outcome.verdict(), "datagrams have their handler");
                assertEquals(family == Family.IPV4 ? 4 : 41, protocol(outcome.frame()), "ipip has packed it in");
                assertEquals("FORWARD", run(plane, FRAMES.datagram(family, 40001)), "nat, which has one port, is not asked");
            }
        }
    }

    private static String run(ScratchPlane plane, byte[] frame) {
        return plane.run(frame).verdict();
    }

    /** The number in the outer header. */
    private static int protocol(byte[] frame) {
        return frame[14 + (frame[14] >> 4 == 4 ? 9 : 6)];
    }
}
