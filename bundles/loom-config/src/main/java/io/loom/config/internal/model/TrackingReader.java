package io.loom.config.internal.model;

import io.loom.api.config.Conntrack;
import io.loom.api.config.MapSettings;
import io.loom.api.config.MapSettings.Setting;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Timeouts and sizes of the connection table and the other maps. */
final class TrackingReader {
    private static final Duration TIMEOUT = Duration.ofSeconds(300);
    private static final int CONNECTIONS = 262_144;
    private static final int BACKENDS = 10_000;
    private static final int STATS = 256;
    /** They go by a running counter, so without a connection each packet of a flow would choose anew. */
    private static final Set<String> COUNTING = Set.of("round_robin", "weighted");

    private final Findings findings;

    TrackingReader(Findings findings) {
        this.findings = findings;
    }

    Conntrack conntrack(Section conntrack, List<VipEntry> vips) {
        if (!conntrack.enabled()) {
            vips.forEach(vip -> stateless(vip, conntrack));
        }
        Duration timeout = span(conntrack, "timeout", TIMEOUT);
        Section states = conntrack.sectionOrEmpty("tcp_timeouts");
        return new Conntrack(conntrack.enabled(), timeout, span(states, "established", timeout),
                span(states, "syn_sent", Duration.ofSeconds(30)), span(states, "syn_recv", Duration.ofSeconds(30)),
                span(states, "fin_wait", Duration.ofSeconds(60)), span(states, "time_wait", Duration.ofSeconds(120)),
                true, timeout, timeout);
    }

    private void stateless(VipEntry entry, Section conntrack) {
        String reason = !entry.direct() ? "nat must know the connection to translate replies"
                : COUNTING.contains(entry.vip().algorithm()) ? entry.vip().algorithm() + " does not choose by the flow's hash" : "";
        if (!reason.isEmpty()) {
            findings.error(Code.STATELESS, conntrack.placeOf("enabled"), "conntrack cannot be off for vip " + entry.vip().name(),
                    reason, "enable conntrack, or use DSR and maglev");
        }
    }

    MapSettings maps(Section ebpf) {
        Section maps = ebpf.sectionOrEmpty("maps");
        Optional<Located<Integer>> tracked = ebpf.sectionOrEmpty("conntrack").scalar("max_entries", Integer.class);
        Optional<Located<Integer>> sized = maps.sectionOrEmpty("connections").scalar("max_entries", Integer.class);
        if (tracked.isPresent() && sized.isPresent() && !tracked.get().value().equals(sized.get().value())) {
            findings.warning(Code.SIZE_DIFFERS, sized.get().place(), "the connection table has " + sized.get().value() + " entries",
                    "conntrack.max_entries at " + tracked.get().place() + " says " + tracked.get().value(),
                    "keep one of the two keys");
        }
        int connections = tracked.map(Located::value).orElse(CONNECTIONS);
        return new MapSettings(setting(maps.sectionOrEmpty("backends"), BACKENDS, "array"),
                setting(maps.sectionOrEmpty("connections"), connections, "lru_hash"),
                setting(maps.sectionOrEmpty("stats"), STATS, "percpu_array"));
    }

    private static Setting setting(Section map, int maxEntries, String type) {
        return new Setting(map.number("max_entries", maxEntries), map.word("type", type));
    }

    private static Duration span(Section section, String key, Duration otherwise) {
        return section.scalar(key, Duration.class).map(Located::value).orElse(otherwise);
    }
}
