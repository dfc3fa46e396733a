package io.loom.api;

import java.util.Optional;

/**
 * What became of a packet. One closed list with stable numbers that are never reused: the twin of
 * {@code enum loom_verdict} in {@code include/loom/abi.h} (a test compares them). Numbers from {@link #METHOD_BASE} belong to
 * forwarding methods: slot n owns {@code METHOD_BASE + n * METHOD_RANGE} and the 15 after it, all of them drops.
 */
public enum Verdict {
    FORWARD(1, Action.FORWARD, "sent to its backend"),
    REPLY(2, Action.FORWARD, "reply of a backend, rewritten and sent to the client"),
    ECHO(3, Action.FORWARD, "a ping of a vip, answered"),
    ICMP_ERROR(4, Action.FORWARD, "too big or out of hops, and its sender told so"),
    SENT_BEFORE(5, Action.FORWARD, "sent by a program of the operator that runs before Loom's"),
    REFUSED(6, Action.FORWARD, "would begin a connection to a vip without a usable backend, and its sender told so: on_empty"),
    RESET(7, Action.FORWARD, "of a connection whose backend is down, and its client told so: on_down"),

    PASS_NOT_IP(16, Action.PASS, "neither IPv4 nor IPv6"),
    PASS_OTHER_PROTOCOL(17, Action.PASS, "an IP protocol without a protocol handler"),
    PASS_NO_LISTENER(18, Action.PASS, "no vip has this address and port"),
    PASS_FRAGMENT(19, Action.PASS, "a fragment of a packet that is not Loom's"),
    PASS_EXTENSION_HEADER(20, Action.PASS, "IPv6 extension headers that Loom does not follow"),
    PASS_OUT_OF_STATE(21, Action.PASS, "no SYN and no connection: the local stack answers with a reset"),
    PASS_UNRELATED(22, Action.PASS, "an ICMP error about no connection of Loom's"),
    PASS_FALLBACK(23, Action.PASS, "of a flow that a condition of xdp.fallback handed to the local stack"),
    PASS_PASSTHROUGH(24, Action.PASS, "to a port of a vip that passthrough_ports or a route leaves to the local stack"),
    PASS_OTHER_STATION(25, Action.PASS, "to the MAC address of another station: neither the interface's nor one of xdp.accept_macs"),
    PASS_SOURCE_ROUTED(32, Action.PASS, "a source route that does not end at the vip"),

    DROP_TRUNCATED(48, Action.DROP, "the frame ends inside a header"),
    DROP_BAD_LENGTH(49, Action.DROP, "a length field contradicts the frame"),
    DROP_BAD_CHECKSUM(50, Action.DROP, "wrong checksum of an IPv4 header, or of a ping of a vip"),
    DROP_NO_BACKEND(51, Action.DROP, "the vip has no usable backend"),
    DROP_NO_METHOD(52, Action.DROP, "no forwarding method in the backend's slot"),
    DROP_CONNECTIONS_FULL(53, Action.DROP, "the connection table refused a new connection that cannot go untracked"),
    DROP_TOO_BIG(54, Action.DROP, "larger than the MTU towards the backend after encapsulation"),
    DROP_TTL(55, Action.DROP, "TTL or hop limit exhausted"),
    DROP_INTERNAL(56, Action.DROP, "a map or helper failed where it cannot: please report"),
    DROP_CONNECTION_LIMIT(57, Action.DROP, "would begin a connection beyond max_connections of the vip, or of every backend tried"),
    DROP_NEEDS_USERSPACE(58, Action.DROP, "its vip or route needs the local stack for a reason that xdp.fallback does not list"),
    DROP_SOURCE_DENIED(59, Action.DROP, "would begin a connection from a source that ebpf.acl denies"),
    DROP_RATE_LIMIT(60, Action.DROP, "would begin a connection of a source that begins more of them than the vip's rate_limit"),
    DROP_ECHO_LIMITED(62, Action.DROP, "a ping of a vip, beyond echo_rate"),
    DROP_MARTIAN(67, Action.DROP, "to a vip from an address that no client can have, or from the vip itself"),
    DROP_LINK_BROADCAST(68, Action.DROP, "to a vip in an Ethernet broadcast or multicast frame"),
    DROP_FRAGMENT_TINY(69, Action.DROP, "a first fragment to a vip without a whole transport header"),
    DROP_FRAGMENT_OVERLAP(70, Action.DROP, "a fragment with bytes that another has brought"),
    DROP_FRAGMENT_LENGTH(71, Action.DROP, "a fragment that ends within 8 bytes, at nothing, or beyond the largest packet"),
    DROP_FRAGMENT_UNKNOWN(72, Action.DROP, "a fragment to a vip whose first one was not forwarded, or not yet"),
    DROP_BEFORE(73, Action.DROP, "dropped by a program of the operator that runs before Loom's"),
    DROP_BEFORE_ABORTED(74, Action.DROP, "a program of the operator before Loom's failed: XDP_ABORTED, or an action that is none"),
    DROP_OTHER_VLAN(75, Action.DROP, "to a vip, with other VLAN tags than the way to its backend"),
    DROP_BACKEND_DOWN(76, Action.DROP, "of a connection whose backend is down, and its client could not be told");

    /** What the driver was told. */
    public enum Action { FORWARD, PASS, DROP }

    /** First number that belongs to forwarding-method slots. */
    public static final int METHOD_BASE = 128;
    /** Numbers for each slot. */
    public static final int METHOD_RANGE = 16;
    /** Size of the number space; also the default of {@code maps.stats.max_entries}. */
    public static final int LIMIT = 256;

    private final int number;
    private final Action action;
    private final String meaning;

    Verdict(int number, Action action, String meaning) {
        this.number = number;
        this.action = action;
        this.meaning = meaning;
    }

    public int number() {
        return number;
    }

    public Action action() {
        return action;
    }

    public String meaning() {
        return meaning;
    }

    public static Optional<Verdict> of(int number) {
        for (Verdict verdict : values()) {
            if (verdict.number == number) {
                return Optional.of(verdict);
            }
        }
        return Optional.empty();
    }
}
