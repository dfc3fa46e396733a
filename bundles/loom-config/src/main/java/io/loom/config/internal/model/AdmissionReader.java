package io.loom.config.internal.model;

import io.loom.api.config.Admission;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Vip.Service;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Which new connections vips take, and what becomes of the others. */
final class AdmissionReader {
    /** What XDP cannot see in the first packet of a connection, so that vips are flagged with it; each is a word of fallback. */
    static final List<String> NEEDS = List.of("complex_routing", "websocket");
    private static final String OVERFLOW = "connection_limit_exceeded";

    private final int maxConnections;
    private final Set<String> fallback;

    AdmissionReader(Section ebpf) {
        Section xdp = ebpf.sectionOrEmpty("xdp");
        this.maxConnections = xdp.number("max_connections", 0);
        this.fallback = xdp.scalars("fallback", String.class).stream().map(Located::value).collect(Collectors.toSet());
    }

    /** @param vip what it chose for itself */
    Admission admission(Section vip, Collection<Service> services) {
        Map<Service, Course> courses = new HashMap<>();
        List<String> needs = NEEDS.stream().filter(need -> vip.flag(need, false)).toList();
        if (!needs.isEmpty()) {
            Course course = fallback.containsAll(needs) ? Course.LOCAL : Course.REFUSE;
            services.forEach(service -> courses.put(service, course));
        }
        return new Admission(vip.number("max_connections", maxConnections), fallback.contains(OVERFLOW), courses);
    }
}
