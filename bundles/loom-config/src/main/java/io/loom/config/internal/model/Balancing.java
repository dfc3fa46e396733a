package io.loom.config.internal.model;

import io.loom.api.config.Vip.Connections;
import io.loom.config.internal.yaml.Section;
import java.util.Set;

/** What vips get that do not choose for themselves. */
record Balancing(String algorithm, int tableSize, String forwarding, Connections connections) {
    static final String NAT = "nat";
    private static final String FULL = "full";
    private static final String MINIMAL = "minimal";
    private static final String REPLACE = "replace";
    private static final String KEEP = "keep";
    /** They carry a packet of either family inside one of the other. */
    private static final Set<String> TUNNELS = Set.of("ipip", "gue");

    static Balancing of(Section ebpf) {
        Section xdp = ebpf.sectionOrEmpty("xdp");
        Section choice = xdp.sectionOrEmpty("load_balancing");
        String forwarding = xdp.enabledSection("dsr").map(dsr -> method(dsr.word("encap", "ipip"))).orElse(NAT);
        Connections connections = new Connections(
                ebpf.sectionOrEmpty("conntrack").word("tracking", FULL).equals(MINIMAL),
                xdp.enabledSection("connection_affinity").isPresent(),
                xdp.sectionOrEmpty("nat").word("client_address", REPLACE).equals(KEEP));
        return new Balancing(choice.word("algorithm", "maglev"), choice.number("maglev_table_size", TableSizes.UNSAID), forwarding,
                connections);
    }

    /** What a vip says of its connections, else these defaults. A direct method always shows backends the client. */
    Connections connections(Section vip, String forwarding) {
        return new Connections(
                vip.word("tracking", connections.minimal() ? MINIMAL : FULL).equals(MINIMAL),
                vip.section("connection_affinity").map(Section::enabled).orElse(connections.affinity()),
                !direct(forwarding) && vip.word("client_address", connections.keepClient() ? KEEP : REPLACE).equals(KEEP));
    }

    /** The specification calls forwarding on layer 2 {@code none}; the method's name is {@code l2}. */
    static String method(String written) {
        return written.equals("none") ? "l2" : written;
    }

    /** True for every method but nat: the backend answers the client itself, so the packet keeps the vip's address and port. */
    static boolean direct(String forwarding) {
        return !forwarding.equals(NAT);
    }

    /** True if backends of one family can serve a vip of the other. */
    static boolean crossesFamilies(String forwarding) {
        return TUNNELS.contains(forwarding);
    }
}
