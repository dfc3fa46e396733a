package io.loom.itests.bpf;

import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.MethodOptions;
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
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Core, the connection table and every method that is shipped in one program, as the data path links them. */
final class Linked {
    /** One source port, so that expected frames can be written down. */
    static final Map<String, Long> ONE_PORT = Map.of("nat_port_first", 20000L, "nat_port_count", 1L);
    static final int HZ = 250;

    private Linked() {}

    static Composition shipped() {
        return shipped(Tuning.small(HZ));
    }

    /** Small maps, with the connection table that this run is about: the default one but in {@link KernelReport}. */
    static Tuning rows() {
        Tuning small = Tuning.small(HZ);
        Tuning.Connections.Kind table = Tuning.Connections.Kind.valueOf(System.getProperty("loom.connections", "CACHE"));
        return small.withConnections(new Tuning.Connections(small.connections().maxEntries(), table));
    }

    /** Tables of one connection that refuse the second: of the kernel's hash, since its LRU hash never refuses. */
    static Tuning fullAtOnce() {
        Tuning small = Tuning.small(HZ);
        return small.withConnections(new Tuning.Connections(1, Tuning.Connections.Kind.HASH));
    }

    static Composition shipped(Tuning tuning) {
        return shipped(tuning, MethodOptions.DEFAULT);
    }

    /** Two addresses of each family that nat puts in the client's place. */
    static Composition withSources() {
        return withSources("198.51.100.101", "198.51.100.102", "3fff:1:b1:b2:b3:b4:b5:101", "3fff:1:b1:b2:b3:b4:b5:102");
    }

    static Composition withSources(String... addresses) {
        List<InetAddress> sources = Stream.of(addresses).map(address -> IpAddress.parse(address).orElseThrow()).toList();
        return shipped(rows(), new MethodOptions(6080, Optional.empty(), Optional.empty(), sources));
    }

    static List<ForwardingMethod> methods() {
        return List.of(new NatForwarding(), new IpipForwarding(), new GueForwarding(), new L2Forwarding());
    }

    private static Composition shipped(Tuning tuning, MethodOptions options) {
        List<SlottedMethod> slotted = new ArrayList<>();
        for (ForwardingMethod method : methods()) {
            Map<String, Long> constants = new HashMap<>(method.describe().constants());
            constants.putAll(method.constants(options));
            slotted.add(new SlottedMethod(slotted.size(), method.describe().withConstants(constants), method.object()));
        }
        return Composer.builtIn().compose(slotted, handlers(), tuning);
    }

    /** Read each time, as all objects are: in mutation runs they differ from one time to the next. */
    static SortedMap<Protocol, byte[]> handlers() {
        return new TreeMap<>(Map.of(Protocol.TCP, new TcpHandler().object(), Protocol.UDP, new UdpHandler().object()));
    }
}
