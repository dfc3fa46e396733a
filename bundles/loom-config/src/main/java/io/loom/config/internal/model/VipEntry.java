package io.loom.config.internal.model;

import io.loom.api.Protocol;
import io.loom.api.config.Admission;
import io.loom.api.config.Vip;
import io.loom.api.config.Vip.Service;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.net.InetAddress;
import java.util.List;

/**
 * A vip as written, with the places that messages about it cite.
 *
 * @param source what it chose for itself; empty for the flat form
 */
record VipEntry(
        Vip vip, Place place, Section source, List<Located<InetAddress>> addresses, List<Located<Service>> services) {
    VipEntry {
        addresses = List.copyOf(addresses);
        services = List.copyOf(services);
    }

    VipEntry with(Vip other) {
        return new VipEntry(other, place, source, addresses, services);
    }

    VipEntry with(Admission admission) {
        return new VipEntry(vip.with(admission), place, source, addresses, services);
    }

    boolean has(Protocol protocol) {
        return services.stream().anyMatch(service -> service.value().protocol() == protocol);
    }

    /** Where the key is decided: in the vip, or else in the section that holds the default. */
    Place placeOf(String key, Section defaults) {
        return source.has(key) ? source.placeOf(key) : defaults.placeOf(key);
    }

    boolean direct() {
        return Balancing.direct(vip.forwarding());
    }
}
