package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;

import io.loom.api.Endpoint;
import io.loom.api.Protocol;
import io.loom.api.config.Admission;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;

/** Files that have nothing in common but names and addresses: vips of several upstreams, which share servers. */
final class RandomConfig {
    private final Random random;

    RandomConfig(Random random) {
        this.random = random;
    }

    static Endpoint endpoint(Random random) {
        int low = 1 + random.nextInt(6);
        return new Endpoint(address(random.nextInt(3) == 0 ? "fd00::" + low : "10.0.0." + low), 80 + random.nextInt(2));
    }

    private boolean oneIn(int many) {
        return random.nextInt(many) == 0;
    }

    LoomConfig next() {
        List<Upstream> upstreams = new ArrayList<>();
        Set<Integer> ids = new HashSet<>();
        for (int i = 0; i < 4; i++) {
            if (i == 0 || !oneIn(4)) {
                upstreams.add(upstream("pool" + i, ids));
            }
        }
        List<Vip> vips = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            if (!oneIn(4)) {
                vips.add(vip(i, upstreams.get(random.nextInt(upstreams.size())).name()));
            }
        }
        if (oneIn(2)) {
            Collections.shuffle(vips, random);
        }
        return Fixtures.config(!oneIn(12), vips, upstreams);
    }

    private Vip vip(int number, String upstream) {
        boolean flat = number == 3 && oneIn(2);
        List<InetAddress> addresses = new ArrayList<>();
        if (!flat) {
            int family = random.nextInt(3);
            if (family != 1) {
                addresses.add(address("10.9.0." + number));
            }
            if (family != 0) {
                addresses.add(address("fd09::" + number));
            }
        }
        List<Vip.Service> services = new ArrayList<>(List.of(new Vip.Service(Protocol.TCP, 80 + random.nextInt(2))));
        if (oneIn(3)) {
            services.add(new Vip.Service(Protocol.UDP, 53));
        }
        return new Vip("web" + number, addresses, flat, services, oneIn(3) ? "weighted" : "maglev", oneIn(3) ? 0 : oneIn(2) ? 7 : 11,
                List.of("nat", "ipip", "l2").get(random.nextInt(3)), upstream, !oneIn(4),
                new Vip.Connections(oneIn(4), oneIn(4), oneIn(4)), admission(services));
    }

    private Admission admission(List<Vip.Service> services) {
        if (!oneIn(3)) {
            return Admission.OPEN;
        }
        Map<Vip.Service, Admission.Course> courses = oneIn(2) ? Map.of()
                : Map.of(services.get(0), Admission.Course.values()[random.nextInt(4)]);
        return new Admission(random.nextInt(2) * 9, oneIn(2), courses,
                oneIn(2) ? Optional.of(new Admission.Rate(5, 6)) : Optional.empty(), Admission.OnEmpty.values()[random.nextInt(2)]);
    }

    private Upstream upstream(String name, Set<Integer> ids) {
        Map<Endpoint, Upstream.Server> servers = new LinkedHashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            Endpoint endpoint = endpoint(random);
            int id = oneIn(3) ? 1 + random.nextInt(20) : 0;
            OptionalInt given = id > 0 && ids.add(id) ? OptionalInt.of(id) : OptionalInt.empty();
            servers.putIfAbsent(endpoint, new Upstream.Server(given, endpoint, oneIn(8) ? 0 : 1 + random.nextInt(3), !oneIn(4), oneIn(4) ? 5 : 0));
        }
        return new Upstream(name, List.copyOf(servers.values()), oneIn(4) ? Optional.empty() : Optional.of(Fixtures.CHECK),
                oneIn(2) ? Upstream.OnDown.MOVE : Upstream.OnDown.KEEP);
    }
}
