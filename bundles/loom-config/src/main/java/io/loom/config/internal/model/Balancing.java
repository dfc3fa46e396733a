package io.loom.config.internal.model;

import io.loom.config.internal.yaml.Section;

/** What vips get that do not choose for themselves. */
record Balancing(String algorithm, int tableSize, String forwarding) {
    static final String NAT = "nat";
    private static final int TABLE_SIZE = 65537;

    static Balancing of(Section xdp) {
        Section choice = xdp.sectionOrEmpty("load_balancing");
        String forwarding = xdp.enabledSection("dsr").map(dsr -> method(dsr.word("encap", "ipip"))).orElse(NAT);
        return new Balancing(choice.word("algorithm", "maglev"), choice.number("maglev_table_size", TABLE_SIZE), forwarding);
    }

    /** The specification calls forwarding on layer 2 {@code none}; the method's name is {@code l2}. */
    static String method(String written) {
        return written.equals("none") ? "l2" : written;
    }

    /** True for every method but nat: the backend answers the client itself, so the packet keeps the vip's address and port. */
    static boolean direct(String forwarding) {
        return !forwarding.equals(NAT);
    }
}
