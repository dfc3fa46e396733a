package io.loom.observe;

import java.util.List;

/**
 * Every series that Loom exposes. Those up to {@link #ERRORS} are the specification's, with exactly its labels; more labels
 * go on names of our own. docs/reference-metrics.md lists them all (a test compares).
 */
public enum Metric {
    PACKETS(Kind.COUNTER, "loom_ebpf_packets_total", "Frames seen, each once, by what became of them", "action"),
    BYTES(Kind.COUNTER, "loom_ebpf_bytes_total",
            "Bytes of all frames on entry (rx) and of forwarded frames as sent (tx)", "direction"),
    CONNECTIONS_ACTIVE(Kind.GAUGE, "loom_ebpf_connections_active", "Tracked connections that have not expired"),
    CONNECTIONS(Kind.COUNTER, "loom_ebpf_connections_total", "Connections tracked since the table was made"),
    BACKEND_PACKETS(Kind.COUNTER, "loom_ebpf_backend_packets_total", "Frames sent from clients to the backend", "backend"),
    BACKEND_CONNECTIONS_ACTIVE(Kind.GAUGE, "loom_ebpf_backend_connections_active",
            "Tracked connections to the backend that have not expired", "backend"),
    ERRORS(Kind.COUNTER, "loom_ebpf_errors_total", "Frames or insertions that failed, by type", "type"),

    VERDICTS(Kind.COUNTER, "loom_ebpf_verdicts_total", "Frames by exact reason", "reason"),
    CONNECTIONS_EVICTED(Kind.COUNTER, "loom_ebpf_connections_evicted_total",
            "Unexpired connections whose place in the full table a new one took"),
    BACKEND_BYTES(Kind.COUNTER, "loom_ebpf_backend_bytes_total", "Bytes sent from clients to the backend", "backend"),
    BACKEND_CONNECTIONS(Kind.COUNTER, "loom_ebpf_backend_connections_total", "Connections given to the backend", "backend"),
    BACKEND_CONNECTIONS_OPEN(Kind.GAUGE, "loom_ebpf_backend_connections_open",
            "Connections that count towards the backend's max_connections", "backend"),
    BACKEND_CONNECTIONS_LIMIT(Kind.GAUGE, "loom_ebpf_backend_connections_limit", "The backend's max_connections", "backend"),
    BACKEND_OVERFLOWS(Kind.COUNTER, "loom_ebpf_backend_overflows_total",
            "Connections that another backend got because this one had reached its max_connections", "backend"),
    NAT_PORTS_USED(Kind.GAUGE, "loom_ebpf_nat_ports_used", "Ports of Loom's towards the backend that connections have", "backend"),
    NAT_PORTS(Kind.GAUGE, "loom_ebpf_nat_ports", "Ports of Loom's towards the backend", "backend"),
    BACKEND_UP(Kind.GAUGE, "loom_ebpf_backend_up", "1 if the backend gets new connections", "backend", "upstream", "id"),
    BACKEND_WEIGHT(Kind.GAUGE, "loom_ebpf_backend_weight", "Weight in force", "backend", "upstream", "id"),
    VIP_PACKETS(Kind.COUNTER, "loom_ebpf_vip_packets_total", "Frames from clients to the listener", "vip", "listener"),
    VIP_BYTES(Kind.COUNTER, "loom_ebpf_vip_bytes_total", "Bytes from clients to the listener", "vip", "listener"),
    VIP_CONNECTIONS(Kind.COUNTER, "loom_ebpf_vip_connections_total", "Connections to the listener", "vip", "listener"),
    VIP_CONNECTIONS_ACTIVE(Kind.GAUGE, "loom_ebpf_vip_connections_active",
            "Tracked connections to the listener that have not expired", "vip", "listener"),
    VIP_CONNECTIONS_OPEN(Kind.GAUGE, "loom_ebpf_vip_connections_open",
            "Connections that count towards the vip's max_connections", "vip"),
    VIP_CONNECTIONS_LIMIT(Kind.GAUGE, "loom_ebpf_vip_connections_limit", "The vip's max_connections", "vip"),
    VIP_BACKENDS_USABLE(Kind.GAUGE, "loom_ebpf_vip_backends_usable", "Backends of the vip that get new connections", "vip"),
    VIP_DEGRADED(Kind.GAUGE, "loom_ebpf_vip_degraded", "1 if the vip does not work as configured; status says why", "vip"),
    ACL_PREFIXES(Kind.GAUGE, "loom_ebpf_acl_prefixes", "Rules for sources in the kernel", "family", "action"),
    ACL_PREFIXES_MAX(Kind.GAUGE, "loom_ebpf_acl_prefixes_max", "Rules for sources that the kernel's list can hold", "family"),
    CPU_PACKETS(Kind.COUNTER, "loom_ebpf_cpu_packets_total", "Frames that the program has seen on the CPU", "cpu"),
    PROBE_PLACES(Kind.GAUGE, "loom_health_places", "Connections that health checks may be opening at a time"),
    PROBE_SERVERS(Kind.GAUGE, "loom_health_servers", "Servers that are probed", "upstream"),
    PROBES_OPEN(Kind.GAUGE, "loom_health_probes_open", "Connections that health checks are opening: places taken", "upstream"),
    PROBES_WAITING(Kind.GAUGE, "loom_health_probes_waiting", "Health checks that are due and wait for a place", "upstream"),
    PROBES_LATE(Kind.GAUGE, "loom_health_probes_late_seconds",
            "By how much the latest health check of the last seconds began too late", "upstream"),
    UNFINISHED_CHECKSUMS(Kind.COUNTER, "loom_ebpf_unfinished_checksums_total",
            "Packets sent on although their sender had left the checksum to a network card", "device"),
    OVERSIZED_PACKETS(Kind.COUNTER, "loom_ebpf_oversized_packets_total",
            "Packets of several segments in one that were too big for a tunnel, in generic mode", "device"),
    MAP_ENTRIES_MAX(Kind.GAUGE, "loom_ebpf_map_entries_max", "What the map has room for: connections, backends, or entries", "map", "type"),
    MAP_MEMORY(Kind.GAUGE, "loom_ebpf_map_memory_bytes", "Memory that the kernel charges for the map", "map", "type"),
    READY(Kind.GAUGE, "loom_ebpf_ready", "1 if the configuration is in the kernel and first probes are done"),
    ATTACHED(Kind.GAUGE, "loom_ebpf_attached", "1 if the XDP program is attached to the device, in this mode",
            "device", "mode"),
    PROGRAM(Kind.INFO, "loom_ebpf_program_info", "The XDP program in force", "name", "id", "tag"),
    BUILD(Kind.INFO, "loom_build_info", "The running control plane", "version", "java");

    /** How Prometheus is told to treat the values; INFO is a gauge that is always 1 and whose labels are the information. */
    public enum Kind { COUNTER, GAUGE, INFO }

    private final Kind kind;
    private final String series;
    private final String help;
    private final List<String> labels;

    Metric(Kind kind, String series, String help, String... labels) {
        this.kind = kind;
        this.series = series;
        this.help = help;
        this.labels = List.of(labels);
    }

    public Kind kind() {
        return kind;
    }

    /** The name as scraped. */
    public String series() {
        return series;
    }

    public String help() {
        return help;
    }

    public List<String> labels() {
        return labels;
    }
}
