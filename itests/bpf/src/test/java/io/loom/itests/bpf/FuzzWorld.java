package io.loom.itests.bpf;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where fuzzed packets go: a vip of each family, protocol and way to forward, two backends of its own behind each. Tables are
 * so large and timeouts so long that nothing is evicted, refused or expires while a round lasts: a flow that was opened stays.
 */
final class FuzzWorld {
    static final int FIRST_PORT = 20_000;
    static final int PORTS = 40_000;
    static final int MTU = 1500;
    private static final int CONNECTIONS = 1 << 17;
    private static final int TIMEOUT_SECONDS = 3600;

    private FuzzWorld() {}

    /** @param crossed whether backends are of the other address family */
    record Way(String method, boolean crossed, Set<Flag> flags) {}

    private static final List<Way> WAYS = List.of(
            new Way("nat", false, Set.of()), new Way("nat", false, Set.of(Flag.KEEP_CLIENT)),
            new Way("ipip", false, Set.of()), new Way("ipip", true, Set.of(Flag.DEFER)),
            new Way("gue", false, Set.of()), new Way("gue", true, Set.of(Flag.DEFER)), new Way("l2", false, Set.of()));

    /** @param number of its listener */
    record Vip(int number, Protocol protocol, Endpoint endpoint, Way way, List<Endpoint> backends) {
        boolean isNat() {
            return way.method().equals("nat");
        }

        boolean keepsClient() {
            return way.flags().contains(Flag.KEEP_CLIENT);
        }

        boolean encapsulates() {
            return way.method().equals("ipip") || way.method().equals("gue");
        }

        boolean isGue() {
            return way.method().equals("gue");
        }

        Family family() {
            return endpoint.family();
        }

        Family backendFamily() {
            return backends.get(0).family();
        }

        /** Bytes that a packet grows by. */
        int overhead() {
            return encapsulates() ? (backendFamily() == Family.IPV4 ? 20 : 40) + (isGue() ? 8 : 0) : 0;
        }
    }

    static List<Vip> vips() {
        List<Vip> vips = new ArrayList<>();
        for (int way = 0; way < WAYS.size(); way++) {
            for (Family family : Family.values()) {
                vips.add(vip(vips.size(), family, Protocol.TCP, way));
                vips.add(vip(vips.size(), family, Protocol.UDP, way));
            }
        }
        return vips;
    }

    private static Vip vip(int number, Family family, Protocol protocol, int index) {
        Way way = WAYS.get(index);
        Family other = family == Family.IPV4 ? Family.IPV6 : Family.IPV4;
        Family backends = way.crossed() ? other : family;
        int vipPort = protocol == Protocol.TCP ? World.VIP_PORT : World.VIP_UDP_PORT;
        int port = way.method().equals("nat") ? 8080 : vipPort;
        int first = 1 + 4 * index + (protocol == Protocol.TCP ? 0 : 2);
        String vip = (family == Family.IPV4 ? "192.0.2." : "2001:db8::") + (10 + index);
        return new Vip(number, protocol, new Endpoint(IpAddress.parse(vip).orElseThrow(), vipPort), way,
                List.of(new Endpoint(World.backend(backends, first), port), new Endpoint(World.backend(backends, first + 1), port)));
    }

    static Composition composition() {
        return Linked.shipped(Tuning.small(Linked.HZ).withTimeout(TIMEOUT_SECONDS)
                .withConnections(new Tuning.Connections(CONNECTIONS, Tuning.Connections.Kind.CACHE)));
    }

    static ScratchPlane open(Composition composition, List<Vip> vips) {
        ScratchPlane plane = ScratchPlane.open(
                composition, Map.of("nat_port_first", (long) FIRST_PORT, "nat_port_count", (long) PORTS));
        for (Vip vip : vips) {
            int[] entries = vip.backends().stream()
                    .mapToInt(backend -> TableEntry.settled(plane.addBackend(
                            new ScratchPlane.Backend(backend, vip.way().method(), MTU, false, World.IFINDEX))))
                    .toArray();
            plane.putTable(vip.number(), entries);
            plane.putListener(new ListenerKey(vip.protocol(), vip.endpoint()), new ListenerEntry(
                    vip.number(), LookupTable.Index.FLOW_HASH, vip.way().flags(), vip.number(), entries.length, 0));
        }
        return plane;
    }
}
