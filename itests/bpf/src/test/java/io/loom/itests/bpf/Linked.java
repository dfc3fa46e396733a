package io.loom.itests.bpf;

import io.loom.api.Protocol;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.forward.gue.GueForwarding;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.l2.L2Forwarding;
import io.loom.forward.nat.NatForwarding;
import io.loom.protocol.tcp.TcpHandler;
import io.loom.protocol.udp.UdpHandler;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Core, the connection table and every method that is shipped in one program, as the data path links them. */
final class Linked {
    /** One source port, so that expected frames can be written down. */
    static final Map<String, Long> ONE_PORT = Map.of("nat_port_first", 20000L, "nat_port_count", 1L);
    static final int HZ = 250;

    private static final SortedMap<Protocol, byte[]> HANDLERS =
            new TreeMap<>(Map.of(Protocol.TCP, new TcpHandler().object(), Protocol.UDP, new UdpHandler().object()));

    private Linked() {}

    static Composition shipped() {
        return shipped(Tuning.small(HZ));
    }

    /** Tables of one connection that refuse the second: of the kernel's hash, since its LRU hash never refuses. */
    static Tuning fullAtOnce() {
        Tuning small = Tuning.small(HZ);
        return small.withConnections(new Tuning.Connections(1, Tuning.Connections.Kind.HASH));
    }

    static Composition shipped(Tuning tuning) {
        List<SlottedMethod> methods = List.of(SlottedMethod.of(0, new NatForwarding()), SlottedMethod.of(1, new IpipForwarding()),
                SlottedMethod.of(2, new GueForwarding()), SlottedMethod.of(3, new L2Forwarding()));
        return Composer.builtIn().compose(methods, HANDLERS, tuning);
    }
}
