package io.loom.config.internal.model;

import io.loom.api.config.Vip;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import java.net.InetAddress;
import java.util.List;

/** A vip as written, with the places that messages about it cite. */
record VipEntry(Vip vip, Place place, List<Located<InetAddress>> addresses, List<Located<Integer>> ports) {
    VipEntry {
        addresses = List.copyOf(addresses);
        ports = List.copyOf(ports);
    }

    boolean direct() {
        return Balancing.direct(vip.forwarding());
    }
}
