package io.loom.config.internal.model;

import io.loom.api.config.Conntrack;
import io.loom.api.config.MapSettings;
import io.loom.api.config.MapSettings.Setting;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.time.Duration;
import java.util.Optional;

/** Timeouts and sizes of the connection table and the other maps. */
final class TrackingReader {
    private static final Duration TIMEOUT = Duration.ofSeconds(300);
    private static final int CONNECTIONS = 262_144;
    private static final int BACKENDS = 10_000;
    private static final int STATS = 256;

    private final Findings findings;

    TrackingReader(Findings findings) {
        this.findings = findings;
    }

    Conntrack conntrack(Section ebpf) {
        Section conntrack = ebpf.sectionOrEmpty("conntrack");
        Duration timeout = span(conntrack, "timeout", TIMEOUT);
        Section states = conntrack.sectionOrEmpty("tcp_timeouts");
        Section sessions = sessions(ebpf);
        return new Conntrack(conntrack.enabled(), timeout, span(states, "established", timeout),
                span(states, "syn_sent", Duration.ofSeconds(30)), span(states, "syn_recv", Duration.ofSeconds(30)),
                span(states, "fin_wait", Duration.ofSeconds(60)), span(states, "time_wait", Duration.ofSeconds(120)),
                sessions.enabled(), span(sessions, "timeout", timeout),
                span(ebpf.sectionOrEmpty("xdp").sectionOrEmpty("connection_affinity"), "timeout", timeout));
    }

    /** The section {@code session_affinity} of UDP; it counts for every vip. */
    static Section sessions(Section ebpf) {
        Section protocols = ebpf.sectionOrEmpty("xdp").sectionOrEmpty("protocols");
        return protocols.enabledSection("udp").orElseGet(() -> Section.empty(protocols.place()))
                .sectionOrEmpty("session_affinity");
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
                setting(maps.sectionOrEmpty("connections"), connections, "cache"),
                setting(maps.sectionOrEmpty("stats"), STATS, "percpu_array"),
                ebpf.sectionOrEmpty("xdp").number("batch_size", MapSettings.DEFAULT_BATCH),
                ebpf.sectionOrEmpty("xdp").number("ring_buffer_size", MapSettings.DEFAULT_RING_BYTES));
    }

    private static Setting setting(Section map, int maxEntries, String type) {
        return new Setting(map.number("max_entries", maxEntries), map.word("type", type));
    }

    private static Duration span(Section section, String key, Duration otherwise) {
        return section.scalar(key, Duration.class).map(Located::value).orElse(otherwise);
    }
}
