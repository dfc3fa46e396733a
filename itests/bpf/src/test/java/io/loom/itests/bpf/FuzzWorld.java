package io.loom.itests.bpf;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where fuzzed packets go: a vip of each family and method, two backends behind each. Tables are so large and timeouts so
 * long that nothing is evicted, refused or expires while a run lasts: a flow that was opened stays.
 */
final class FuzzWorld {
    static final int FIRST_PORT = 20_000;
    static final int PORTS = 40_000;
    static final int MTU = 1500;
    private static final int CONNECTIONS = 1 << 17;
    private static final int TIMEOUT_SECONDS = 3600;

    private FuzzWorld() {}

    /** @param number of its listener */
    record Vip(int number, Endpoint endpoint, String method, List<Endpoint> backends) {
        boolean isNat() {
            return method.equals("nat");
        }

        Family family() {
            return endpoint.family();
        }
    }

    static List<Vip> vips() {
        List<Vip> vips = new ArrayList<>();
        for (String method : List.of("nat", "ipip")) {
            for (Family family : Family.values()) {
                vips.add(vip(vips.size(), family, method));
            }
        }
        return vips;
    }

    private static Vip vip(int number, Family family, String method) {
        boolean nat = method.equals("nat");
        int port = nat ? 8080 : World.VIP_PORT;
        int host = nat ? 20 : 30;
        return new Vip(number, endpoint(family, "192.0.2.", "2001:db8::", nat ? 10 : 11, World.VIP_PORT), method,
                List.of(endpoint(family, "198.51.100.", "2001:db8:1::", host, port),
                        endpoint(family, "198.51.100.", "2001:db8:1::", host + 1, port)));
    }

    private static Endpoint endpoint(Family family, String prefix4, String prefix6, int host, int port) {
        return new Endpoint(IpAddress.parse((family == Family.IPV4 ? prefix4 : prefix6) + host).orElseThrow(), port);
    }

    static Composition composition() {
        return Linked.shipped(Tuning.small(Linked.HZ).withTimeout(TIMEOUT_SECONDS)
                .withConnections(new Tuning.Connections(CONNECTIONS, Tuning.Connections.Kind.CACHE)));
    }

    static ScratchPlane open(Composition composition, List<Vip> vips) {
        ScratchPlane plane = ScratchPlane.open(
                composition, Map.of("nat_port_first", (long) FIRST_PORT, "nat_port_count", (long) PORTS));
        for (Vip vip : vips) {
            plane.addVip(vip.endpoint(), vip.backends().stream()
                    .map(backend -> plane.addBackend(new ScratchPlane.Backend(backend, vip.method(), MTU, false, World.IFINDEX)))
                    .toList());
        }
        return plane;
    }
}
