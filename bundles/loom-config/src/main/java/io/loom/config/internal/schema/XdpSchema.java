package io.loom.config.internal.schema;

import static io.loom.config.internal.schema.Key.of;
import static io.loom.config.internal.schema.Key.required;

import io.loom.config.internal.schema.Type.Either;
import io.loom.config.internal.schema.Type.Fields;
import io.loom.config.internal.schema.Type.Items;

/** The section {@code ebpf.xdp}. */
final class XdpSchema {
    private XdpSchema() {}

    static Fields xdp() {
        return Fields.of(
                of("enabled", Schema.FLAG, "true", "false: nothing is balanced and the program is detached."),
                of("interface", new Items(Word.DEVICE, true), "none", "Where the program is attached: one interface or several."),
                of("mode", Schema.attachMode(), "native", "How it is attached; never changed silently."),
                of("accept_macs", new Items(new Mac(), true), "none",
                        "Destinations of frames that are for this host beside the interface's own, such as a virtual router's (VRRP) or a "
                                + "macvlan's; at most 16. Frames for other stations pass."),
                of("programs", new Items(program(), false), "none", "XDP programs of your own, which run in the kernel with Loom's rights; those before Loom's in this order, at most 8."),
                of("load_balancing", loadBalancing(), "", "How the backend of a new connection is chosen."),
                of("connection_affinity", switchedTimeout("false: only for vips that enable it."), "absent: off",
                        "A client's new connections, of any port of a vip, go where its last one went."),
                of("dsr", Fields.of(
                        of("enabled", Schema.FLAG, "true", "false: nat."),
                        of("encap", Choice.of("ipip", "gue", "none", "l2"), "ipip", "none and l2 are the same: only the MAC address changes."),
                        of("gue_port", Schema.PORT, "6080", "UDP destination port of gue, also for vips that choose it themselves."),
                        of("source_prefixes", new Items(new Network(8, 24, 32, 96), true), "none: Loom's own address",
                                "Outer source entropy of ipip and gue: the bits after the prefix come from the flow's hash. "
                                        + "At most one network of each family.")),
                        "absent: nat", "Direct server return: backends answer clients themselves."),
                of("nat", nat(), "", "What nat does with the client's address."),
                of("protocols", protocols(), "", "Protocols and ports of the vip `default`."),
                of("fallback", new Items(Choice.of("generic", "connection_limit_exceeded", "complex_routing", "websocket"), true), "none",
                        "generic: where `mode` cannot be attached, generic may be. The other words say which new connections go to "
                                + "the local stack, for their lives, instead of being dropped."),
                of("max_connections", Schema.CONNECTIONS, "no limit", "Open at a time, of each vip that does not choose; 0: no limit."),
                of("rate_limit", Schema.rate(), "no limit", "How often one source may begin a connection, of each vip that does not choose."),
                of("on_empty", Schema.ON_EMPTY, "reset", "Without a usable backend, of each vip that does not choose. reset: what would begin a "
                        + "connection is answered with a TCP reset or port unreachable, at most 1000 times a second a vip; drop: it is dropped."),
                of("passthrough_ports", Schema.PORTS, "none", "TCP and UDP ports that are never balanced, whatever vips say; those of REST and SSH are implied."),
                of("routes", new Items(route(), false), "none", "In mode hybrid: what is balanced; what matches none passes."),
                of("cpu_affinity", new Either(Choice.of("all"), new Items(new WholeNumber(0, 8191), true)), "all",
                        "CPUs that run the program: by the interrupts of the network card, or by threads of its receive queues."),
                of("batch_size", new WholeNumber(1, 65536), "4096", "Entries of a map that are read in one system call."),
                of("ring_buffer_size", new WholeNumber(1, 268_435_456), "262144",
                        "Bytes for packets of a trace that are yet to be read, 104 each; rounded up to a power of two of pages."));
    }

    private static Fields program() {
        return Fields.of(
                required("name", Word.NAME, "How status names it. Without its file `lb` is Loom's own program, with a warning."),
                required("path", Word.PATH, "The BPF object, at most 16 MiB; another content is taken as soon as it is there."),
                of("section", Word.ELF_SECTION, "the only program", "ELF section of the program."),
                of("position", Choice.of("before", "replace"), "before; `lb`: replace", "before: on every frame, and what it passes is Loom's. replace: in the place of Loom's program, then Loom balances nothing."));
    }

    private static Fields loadBalancing() {
        return Fields.of(
                of("algorithm", Word.METHOD, "maglev", "A deployed algorithm; one that is not deployed yet is waited for."),
                of("maglev_table_size", Schema.TABLE_SIZE, "65537; `auto` where vips have more than 256 tables",
                        "Entries of the lookup table; about 100 times the backends or more. `auto`: the prime above 100 times the upstream's backends, at least 1021."));
    }

    private static Fields protocols() {
        return Fields.of(
                of("tcp", Fields.of(
                        of("enabled", Schema.FLAG, "true", "false: as if absent."),
                        of("ports", Schema.PORTS, "none", "Ports at every address of the interface.")),
                        "", "TCP."),
                of("udp", Fields.of(
                        of("enabled", Schema.FLAG, "true", "false: as if absent."),
                        of("ports", Schema.PORTS, "none", "Ports at every address of the interface."),
                        of("session_affinity", switchedTimeout("false: each datagram chooses anew; needs DSR and an algorithm that "
                                + "goes by the flow's hash."), "", "Datagrams of one flow keep their backend, those of all vips.")),
                        "", "UDP."));
    }

    private static Fields nat() {
        return Fields.of(
                of("source_addresses", new Items(new Address(), true), "Loom's own address towards the backend",
                        "Put in the client's place, at most 15 of each family: more ports for more connections."),
                of("assign", Schema.FLAG, "true", "Loom puts them on the interface; false: somebody else routes them here."),
                of("client_address", Schema.CLIENT_ADDRESS, "replace",
                        "keep: backends see the client and must route their replies through Loom."));
    }

    private static Fields switchedTimeout(String off) {
        return Fields.of(
                of("enabled", Schema.FLAG, "true", off),
                of("timeout", Schema.IDLE, "`ebpf.conntrack.timeout`", "Idle time until it is forgotten."));
    }

    private static Fields route() {
        return Fields.of(
                required("match", Fields.of(
                        of("ports", Schema.PORTS, "all", "Destination ports."),
                        of("protocol", Schema.PROTOCOL, "tcp", "Transport protocol.")),
                        "What the route is about."),
                required("action", Choice.of("load_balance", "pass"), "What happens; the first match counts."),
                of("complex_routing", Schema.FLAG, "false", "true: new connections need more than balancing; `ebpf.xdp.fallback` decides."),
                of("websocket", Schema.FLAG, "false", "The same, for WebSocket."));
    }
}
