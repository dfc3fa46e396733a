package io.loom.config.internal.model;

import io.loom.api.Protocol;
import io.loom.api.config.Admission.Course;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Section;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which vips can do without an entry for each connection: those whose packets find the same backend again by themselves. */
final class TrackingRules {
    /** They go by a running counter, so without an entry each packet of a connection would choose anew. */
    private static final Set<String> COUNTING = Set.of("round_robin", "weighted");

    private final Findings findings;
    private final Section ebpf;

    TrackingRules(Findings findings, Section ebpf) {
        this.findings = findings;
        this.ebpf = ebpf;
    }

    void check(List<VipEntry> vips, List<Group> groups) {
        Set<String> limited = groups.stream()
                .filter(group -> group.servers().stream().anyMatch(server -> server.maxConnections() > 0))
                .map(Group::name).collect(Collectors.toSet());
        Section conntrack = ebpf.sectionOrEmpty("conntrack");
        Section sessions = TrackingReader.sessions(ebpf);
        for (VipEntry vip : vips) {
            String name = vip.vip().name();
            clientAddress(vip);
            if (!conntrack.enabled()) {
                refuse(vip, limited, Code.STATELESS, conntrack.placeOf("enabled"), "conntrack cannot be off for vip " + name,
                        "enable conntrack");
                continue;
            }
            if (vip.vip().connections().minimal()) {
                refuse(vip, limited, Code.MINIMAL, vip.placeOf("tracking", conntrack), "tracking cannot be minimal for vip " + name,
                        "set tracking: full for that vip");
            }
            if (!sessions.enabled() && vip.has(Protocol.UDP)) {
                refuse(vip, limited, Code.STATELESS, sessions.placeOf("enabled"),
                        "session_affinity cannot be off for UDP of vip " + name, "enable session_affinity");
            }
        }
    }

    /** @param limited upstreams with limits of connections */
    private void refuse(VipEntry vip, Set<String> limited, Code code, Place place, String what, String remedy) {
        needsEntries(vip, limited).ifPresent(why -> findings.error(code, place, what, why,
                remedy + ", or use DSR and maglev without connection_affinity and without limits of connections"));
    }

    private static Optional<String> needsEntries(VipEntry entry, Set<String> limited) {
        if (!entry.direct()) {
            return Optional.of("nat must know the connection to translate replies");
        }
        String algorithm = entry.vip().algorithm();
        if (COUNTING.contains(algorithm)) {
            return Optional.of(algorithm + " does not choose by the flow's hash");
        }
        if (entry.vip().connections().affinity()) {
            return Optional.of("connection_affinity sends connections elsewhere than the flow's hash");
        }
        if (entry.vip().admission().maxConnections() > 0 || limited.contains(entry.vip().upstream())) {
            return Optional.of("max_connections counts tracked connections");
        }
        if (entry.vip().admission().rate().isPresent()) {
            return Optional.of("rate_limit counts tracked connections");
        }
        boolean passesAtMost = entry.vip().admission().courses().values().stream().allMatch(Course.PASS::equals);
        return passesAtMost ? Optional.empty() : Optional.of("what goes to the local stack is remembered by connection");
    }

    private void clientAddress(VipEntry vip) {
        if (vip.direct() && vip.source().has("client_address")) {
            findings.warning(Code.UNUSED, vip.source().placeOf("client_address"),
                    "client_address has no effect for vip " + vip.vip().name(),
                    vip.vip().forwarding() + " always shows backends the client's address", "remove the key, or use nat");
        }
    }
}
