package io.loom.config.internal.model;

import io.loom.api.Protocol;
import io.loom.api.config.Vip.Service;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The routes of mode hybrid: what is balanced. In mode xdp there are none, and everything is. */
final class RoutesReader {
    private final boolean hybrid;
    private final List<Route> routes;

    RoutesReader(Findings findings, Section ebpf) {
        Section xdp = ebpf.sectionOrEmpty("xdp");
        this.hybrid = ebpf.word("mode", "xdp").equals("hybrid");
        this.routes = hybrid ? xdp.sections("routes").stream().map(Route::of).toList() : List.of();
        if (xdp.has("routes") && !hybrid) {
            findings.warning(Code.ROUTES_IGNORED, xdp.placeOf("routes"), "ebpf.xdp.routes are ignored", "ebpf.mode is xdp",
                    "remove them, or set ebpf.mode: hybrid");
        }
    }

    /** @param ports that it is about; empty: all of the protocol */
    private record Route(Protocol protocol, List<Located<Integer>> ports, boolean balance, Section section) {
        static Route of(Section section) {
            Section match = section.sectionOrEmpty("match");
            return new Route(Protocol.valueOf(match.word("protocol", "tcp").toUpperCase(Locale.ROOT)),
                    match.scalars("ports", Integer.class), section.word("action", "").equals("load_balance"), section);
        }

        boolean matches(Service service) {
            return protocol == service.protocol()
                    && (ports.isEmpty() || ports.stream().anyMatch(port -> port.value() == service.port()));
        }
    }

    private Optional<Route> first(Service service) {
        return routes.stream().filter(route -> route.matches(service)).findFirst();
    }

    /** Whether packets to that service, which a vip has, are left to the local stack. */
    boolean passes(Service service) {
        return hybrid && !first(service).map(Route::balance).orElse(false);
    }

    /** What the route is flagged with that decides about the service; empty if there is none. */
    Optional<Section> flags(Service service) {
        return first(service).map(Route::section);
    }

    /** Services that routes name and balance: those of the vip {@code default} where the file gives it no ports. */
    List<Located<Service>> balanced() {
        List<Located<Service>> services = new ArrayList<>();
        Set<Service> seen = new HashSet<>();
        for (Route route : routes) {
            for (Located<Integer> port : route.ports()) {
                Service service = new Service(route.protocol(), port.value());
                if (seen.add(service) && route.balance()) {
                    services.add(new Located<>(service, port.place()));
                }
            }
        }
        return services;
    }
}
