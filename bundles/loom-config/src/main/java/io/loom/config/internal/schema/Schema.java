package io.loom.config.internal.schema;

import static io.loom.config.internal.schema.Key.of;
import static io.loom.config.internal.schema.Key.required;

import io.loom.api.config.MapSettings;
import io.loom.config.internal.schema.Type.Fields;
import io.loom.config.internal.schema.Type.Items;
import java.time.Duration;

/** The file: every key of the specification, and the {@code vips}, {@code upstreams} and {@code admin} that Loom adds. */
public final class Schema {
    static final Flag FLAG = new Flag();
    static final WholeNumber PORT = new WholeNumber(1, 65535);
    static final Items PORTS = new Items(PORT, true);
    /** The bounds of an age in the data plane's clock. */
    static final TimeSpan IDLE = new TimeSpan(Duration.ofSeconds(1), Duration.ofHours(168));
    /** A connection's entry has 15 bits for the number of its backend. */
    private static final WholeNumber BACKENDS = new WholeNumber(1, MapSettings.BACKEND_NUMBERS, "numbers of backends have 15 bits");
    static final Choice TRACKING = Choice.of("full", "minimal");
    static final Choice ON_EMPTY = Choice.of("reset", "drop");
    private static final Choice ON_DOWN = Choice.of("move", "keep");
    static final Choice CLIENT_ADDRESS = Choice.of("replace", "keep");
    static final WholeNumber ENTRIES = new WholeNumber(1, 16_777_216);
    /** The largest table takes 4 MB of kernel memory. */
    static final OrAuto TABLE_SIZE = new OrAuto(new Prime(2, 1_000_003));
    static final WholeNumber CONNECTIONS = new WholeNumber(0, 16_777_216);
    static final Choice PROTOCOL = Choice.of("tcp", "udp");

    public static final Fields FILE = Fields.of(
            of("ebpf", ebpf(), "", "The load balancer; absent: nothing is balanced."),
            of("upstreams", new Items(upstream(), false), "none", "Named groups of backends with a health check."),
            of("admin", admin(), "", "Where the administrative interfaces listen."));

    private Schema() {}

    private static Fields ebpf() {
        return Fields.of(
                of("enabled", FLAG, "true", "false: nothing is balanced and the program is detached, whatever else is written."),
                of("mode", Choice.of("xdp", "hybrid"), "xdp", "hybrid: `ebpf.xdp.routes` decide what is balanced."),
                of("interface", new Items(Word.DEVICE, true), "none",
                        "Where the XDP program is attached; the same as `ebpf.xdp.interface`."),
                of("xdp_mode", attachMode(), "native", "How it is attached; the same as `ebpf.xdp.mode`."),
                of("xdp", XdpSchema.xdp(), "", "The XDP program and what it does."),
                of("conntrack", conntrack(), "", "The connection table; also in effect, with its defaults, if absent."),
                of("maps", maps(), "", "Sizes and kernel types of the maps."),
                of("icmp", icmp(), "", "What Loom says by ICMP itself."),
                of("backends", new Items(server(), false), "none", "The servers of the upstream `default`."),
                of("health_integration", healthIntegration(), "", "Takes unhealthy `ebpf.backends` out of the tables."),
                of("acl", acl(), "absent: every source is allowed", "From which sources connections may begin."),
                of("vips", new Items(vip(), false), "none", "Addresses, ports and backends beyond the one vip `default`."));
    }

    static Choice attachMode() {
        return Choice.of("native", "generic", "offload");
    }

    private static Fields conntrack() {
        return Fields.of(
                of("enabled", FLAG, "true", "false: stateless; needs DSR and an algorithm that goes by the flow's hash."),
                of("max_entries", ENTRIES, "262144", "Connections of each address family; see `ebpf.maps.connections.max_entries`."),
                of("tracking", TRACKING, "full", "For vips that do not choose. minimal: only connections whose backend two "
                        + "generations of the lookup table see differently; needs DSR and an algorithm that goes by the flow's hash."),
                of("timeout", IDLE, "300s", "Idle time until an established connection is forgotten."),
                of("tcp_timeouts", Fields.of(
                        of("established", IDLE, "`ebpf.conntrack.timeout`", "Idle time of an established connection."),
                        of("syn_sent", IDLE, "30s", "After the client's SYN."),
                        of("syn_recv", IDLE, "30s", "While the handshake is not finished."),
                        of("fin_wait", IDLE, "60s", "After the first FIN."),
                        of("time_wait", IDLE, "120s", "After both FINs or a reset; for nat also the source port's quarantine.")),
                        "", "Idle times by TCP state."));
    }

    private static Fields icmp() {
        return Fields.of(
                of("echo", FLAG, "true", "Pings of vips are answered by the data plane; false: left to the local stack."),
                of("echo_rate", new WholeNumber(1, 1_000_000), "1000",
                        "Answers to pings, a second on each CPU; a tenth of it at once. More are dropped."),
                of("error_rate", new WholeNumber(0, 1_000_000), "1000",
                        "Errors (too big, time exceeded) about packets that cannot reach their backend, a second on each CPU; 0: none."));
    }

    private static Fields maps() {
        return Fields.of(
                of("backends", map(BACKENDS, "10000", "Backends that there is room for. The map has about twice as many numbers: those of removed ones wait for "
                        + "their connections.", Choice.of("array", "hash"), "array", "Kernel type of the map."), "", "Backends with their next hops."),
                of("connections", map(ENTRIES, "`ebpf.conntrack.max_entries`", "Connections that there is room for. Of the cache bpftool shows sets: a "
                        + "quarter as many, of eight places each.", Choice.of("cache", "lru_hash", "hash"), "cache",
                        "cache: Loom's own set-associative cache, the fastest; the others are the kernel's types of maps."), "",
                        "Tracked connections, one map for each address family."),
                of("stats", Fields.of(
                        of("max_entries", new WholeNumber(256, 65536), "256", "Numbers of verdicts."),
                        of("type", Choice.of("percpu_array"), "percpu_array", "Kernel type of the map: CPUs that shared counters would lose counts.")),
                        "", "Counters by verdict."));
    }

    private static Fields map(WholeNumber entries, String size, String room, Choice types, String type, String meaning) {
        return Fields.of(
                of("max_entries", entries, size, room),
                of("type", types, type, meaning));
    }

    private static Fields server() {
        return Fields.of(
                of("id", new WholeNumber(1, Integer.MAX_VALUE), "lowest free", "Number in REST and shell; unique in the file."),
                required("address", new Address(), "Of the server; neither a name nor an address of a vip."),
                required("port", PORT, "Of the server. Under DSR packets keep the vip's port and this one is only probed."),
                of("weight", new WholeNumber(0, 65535), "100", "Share of new connections; 0: keeps what it has, gets no new ones."),
                of("max_connections", CONNECTIONS, "no limit", "Open at a time, 0: no limit; beyond them others are tried (31 entries of the table), then `ebpf.xdp.fallback` decides."));
    }

    private static Fields healthIntegration() {
        return Fields.of(
                of("enabled", FLAG, "true", "false: no health check changes anything, those of upstreams included."),
                of("upstream", Word.NAME, "the implicit group",
                        "Whose health check covers `ebpf.backends`; not defined: a TCP check with default times."),
                of("on_down", ON_DOWN, "as that upstream, else move", "What becomes of connections to one of `ebpf.backends` that is down."));
    }

    static Fields rate() {
        WholeNumber times = new WholeNumber(1, 1_000_000);
        return Fields.of(
                of("enabled", FLAG, "true", "false: as often as it likes; then nothing else is required."),
                required("per_second", times, "New connections of an IPv4 address, or of the first 64 bits of an IPv6 address."),
                of("burst", times, "`per_second`", "How many of them may come at once."));
    }

    private static Fields acl() {
        Items networks = new Items(new Network(0, 32, 0, 128), true);
        return Fields.of(
                of("enabled", FLAG, "true", "false: every source is allowed."),
                of("default", Choice.of("allow", "deny"), "allow", "What counts for sources in none of the networks."),
                of("allow", networks, "none", "Networks whose connections may begin; of all networks that match, the longest prefix decides."),
                of("deny", networks, "none", "Networks whose connections may not."),
                of("file", Word.PATH, "none", "More of both, one a line: `allow 10.0.0.0/8` or `deny 2001:db8::/32`; read again when it changes."));
    }

    private static Fields vip() {
        return Fields.of(
                required("name", Word.NAME, "Unique; names the vip in REST, shell and metrics."),
                required("addresses", new Items(new Address(), true), "IPv4 and IPv6 addresses that clients connect to."),
                of("protocol", new Items(PROTOCOL, true), "tcp", "Transport protocol of its ports, or both."),
                required("ports", PORTS, "Each port at each address is a listener."),
                of("algorithm", Word.METHOD, "`ebpf.xdp.load_balancing.algorithm`", "Chooses the backend of a new connection."),
                of("table_size", new OrAuto(new WholeNumber(2, 1_000_003)), "`ebpf.xdp.load_balancing.maglev_table_size`",
                        "Entries of the lookup table; a prime number for maglev. `auto`: the prime above 100 times the upstream's backends, at least 1021."),
                of("forwarding", Word.METHOD, "by `ebpf.xdp.dsr`, else nat", "How packets reach a backend: nat, ipip, gue, l2."),
                of("tracking", TRACKING, "`ebpf.conntrack.tracking`", "What is remembered of its connections."),
                of("connection_affinity", Fields.of(of("enabled", FLAG, "true", "false: new connections go by the algorithm alone.")),
                        "as `ebpf.xdp.connection_affinity`", "A client's new connections go where its last one went."),
                of("client_address", CLIENT_ADDRESS, "`ebpf.xdp.nat.client_address`", "What backends see under nat."),
                of("upstream", Word.NAME, "", "Its backends: an upstream, or `default` for `ebpf.backends`. Either this or `backends`."),
                of("backends", new Items(server(), false), "", "Its own backends, as an upstream with the vip's name."),
                of("max_connections", CONNECTIONS, "`ebpf.xdp.max_connections`", "Open at a time, over all its addresses and ports; 0: no limit."),
                of("rate_limit", rate(), "`ebpf.xdp.rate_limit`", "How often one source may begin a connection."),
                of("on_empty", ON_EMPTY, "`ebpf.xdp.on_empty`", "What becomes of what would begin a connection while it has no usable backend."),
                of("complex_routing", FLAG, "false", "true: new connections need more than balancing; `ebpf.xdp.fallback` decides."),
                of("websocket", FLAG, "false", "The same, for WebSocket."),
                of("assign", FLAG, "true", "Loom puts the addresses on the interface; false: somebody else does."));
    }

    private static Fields upstream() {
        TimeSpan probe = new TimeSpan(Duration.ofMillis(100), Duration.ofHours(1));
        WholeNumber times = new WholeNumber(1, 100);
        return Fields.of(
                required("name", Word.NAME, "Unique."),
                required("servers", new Items(server(), false), "Its backends."),
                of("health_check", Fields.of(
                        of("enabled", FLAG, "true", "false: not probed."),
                        of("type", Choice.of("tcp"), "tcp", "A TCP connection that is opened and closed."),
                        of("interval", probe, "2s", "Between the starts of two probes of one server."),
                        of("timeout", probe, "1s, at most `interval`", "Of one probe."),
                        of("rise", times, "2", "Successes in a row until a server is up again."),
                        of("fall", times, "3", "Failures in a row until a server is down."),
                        of("port", PORT, "the server's own", "Other port to probe.")),
                        "none: not probed, counts as up", "How its servers are probed."),
                of("on_down", ON_DOWN, "move", "What becomes of connections to a server that is down. move: under DSR they choose anew, under nat their clients "
                        + "get a reset, and flows of UDP choose anew; keep: they stay with it."));
    }

    private static Fields admin() {
        return Fields.of(
                of("rest", rest(), "", "REST, metrics and readiness over HTTP."),
                of("ssh", socket("8101"), "", "The shell."));
    }

    private static Fields rest() {
        return Fields.of(address(), port("9091"),
                of("names", new Items(Word.HOST, true), "none",
                        "Names by which REST may be asked (`Host` of a request), beside localhost, addresses and names of this host."));
    }

    private static Fields socket(String port) {
        return Fields.of(address(), port(port));
    }

    private static Key address() {
        return of("address", new Address(), "127.0.0.1", "To listen on. There is no other protection than the network's: keep it loopback or private.");
    }

    private static Key port(String port) {
        return of("port", PORT, port, "To listen on.");
    }
}
