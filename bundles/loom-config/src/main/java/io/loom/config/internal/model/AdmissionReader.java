package io.loom.config.internal.model;

import io.loom.api.Protocol;
import io.loom.api.config.Admin;
import io.loom.api.config.Admission;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Admission.OnEmpty;
import io.loom.api.config.Admission.Rate;
import io.loom.api.config.Vip.Service;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which new connections vips take, and what becomes of the others. */
final class AdmissionReader {
    /** What XDP cannot see in the first packet of a connection, so that vips are flagged with it; each is a word of fallback. */
    private static final List<String> NEEDS = List.of("complex_routing", "websocket");
    private static final String OVERFLOW = "connection_limit_exceeded";

    private final Findings findings;
    private final RoutesReader routes;
    private final Admin admin;
    private final int maxConnections;
    private final Optional<Rate> rate;
    private final String onEmpty;
    private final Set<String> fallback;
    private final Set<Integer> passthrough;

    AdmissionReader(Findings findings, Section ebpf, RoutesReader routes, Admin admin) {
        Section xdp = ebpf.sectionOrEmpty("xdp");
        this.findings = findings;
        this.routes = routes;
        this.admin = admin;
        this.maxConnections = xdp.number("max_connections", 0);
        this.rate = rate(xdp);
        this.onEmpty = xdp.word("on_empty", "reset");
        this.fallback = xdp.scalars("fallback", String.class).stream().map(Located::value).collect(Collectors.toSet());
        this.passthrough = xdp.scalars("passthrough_ports", Integer.class).stream().map(Located::value).collect(Collectors.toSet());
    }

    VipEntry admit(VipEntry vip) {
        Map<Service, Course> courses = new HashMap<>();
        for (Located<Service> service : vip.services()) {
            course(vip, service).ifPresent(course -> courses.put(service.value(), course));
        }
        boolean unrouted = vip.services().stream().allMatch(service -> routes.passes(service.value()));
        if (unrouted && !vip.services().isEmpty()) {
            findings.warning(Code.NOT_ROUTED, vip.place(), "nothing of vip " + vip.vip().name() + " is balanced",
                    "ebpf.mode is hybrid, and no route of its ports says load_balance", "add a route, or set ebpf.mode: xdp");
        }
        int max = vip.source().number("max_connections", maxConnections);
        return vip.with(new Admission(max, fallback.contains(OVERFLOW), courses,
                vip.source().has("rate_limit") ? rate(vip.source()) : rate,
                OnEmpty.valueOf(vip.source().word("on_empty", onEmpty).toUpperCase(Locale.ROOT))));
    }

    private static Optional<Rate> rate(Section section) {
        return section.enabledSection("rate_limit").flatMap(limit -> limit.scalar("per_second", Integer.class)
                .map(perSecond -> new Rate(perSecond.value(), limit.number("burst", perSecond.value()))));
    }

    private Optional<Course> course(VipEntry vip, Located<Service> service) {
        boolean loomsOwn = isOf(vip, service, admin.rest(), "REST") | isOf(vip, service, admin.ssh(), "SSH");
        if (passthrough.contains(service.value().port())) {
            findings.warning(Code.PASSTHROUGH, service.place(),
                    "vip " + vip.vip().name() + " covers port " + service.value().port() + " of passthrough_ports",
                    "packets to it reach the local stack and no backend", "take it out of one of them");
            return Optional.of(Course.PASS);
        }
        if (loomsOwn || routes.passes(service.value())) {
            return Optional.of(Course.PASS);
        }
        Set<String> needs = new HashSet<>(needs(vip.source()));
        routes.flags(service.value()).ifPresent(route -> needs.addAll(needs(route)));
        return needs.isEmpty() ? Optional.empty() : Optional.of(fallback.containsAll(needs) ? Course.LOCAL : Course.REFUSE);
    }

    private static List<String> needs(Section flagged) {
        return NEEDS.stream().filter(need -> flagged.flag(need, false)).toList();
    }

    /** Loom's own ports are passed through without being named. */
    private boolean isOf(VipEntry vip, Located<Service> service, InetSocketAddress socket, String what) {
        boolean sameAddress = vip.vip().interfaceAddresses() ? !socket.getAddress().isLoopbackAddress()
                : vip.vip().addresses().stream().anyMatch(address -> AdminReader.overlap(address, socket.getAddress()));
        boolean same = sameAddress && service.value().equals(new Service(Protocol.TCP, socket.getPort()));
        if (same) {
            findings.warning(Code.ADMIN_PORT, service.place(),
                    "vip " + vip.vip().name() + " covers port " + socket.getPort() + " of " + what,
                    "packets to it reach " + what + " and no backend", "use another port for one of them");
        }
        return same;
    }
}
