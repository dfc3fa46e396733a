package io.loom.observe;

import io.loom.api.Verdict;
import io.loom.api.control.Telemetry.VerdictCount;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The closed list behind {@code loom_ebpf_errors_total{type}}: always all present, zero ones too. */
public enum ErrorType {
    MAP_FULL("an insertion into a full map failed: dropped under nat, forwarded untracked under direct methods"),
    NO_BACKEND("the vip had no usable backend, or the connection's was down"),
    PORTS_EXHAUSTED("nat found no source port towards the backend"),
    CONNECTION_LIMIT("would have begun a connection beyond a max_connections, and fallback did not list connection_limit_exceeded"),
    NEEDS_USERSPACE("its vip or route is flagged with something that fallback does not list"),
    SOURCE_DENIED("would have begun a connection from a source that ebpf.acl denies"),
    RATE_LIMIT("would have begun a connection of a source that begins more of them than rate_limit allows"),
    NO_METHOD("the backend's forwarding method is not linked"),
    TRUNCATED("the frame ends inside a header"),
    BAD_LENGTH("a length field contradicts the frame"),
    BAD_CHECKSUM("wrong checksum of an IPv4 header, or of a ping of a vip"),
    TOO_BIG("larger than the MTU towards the backend after encapsulation"),
    MARTIAN("to a vip from an address that no client can have"),
    LINK_BROADCAST("to a vip in an Ethernet broadcast or multicast frame"),
    FRAGMENT_TINY("a first fragment to a vip without a whole transport header"),
    FRAGMENT_OVERLAP("a fragment with bytes that another has brought"),
    FRAGMENT_LENGTH("a fragment that ends within 8 bytes, at nothing, or beyond the largest packet"),
    FRAGMENT_UNKNOWN("a fragment to a vip whose first one was not forwarded, or not yet"),
    TTL("TTL or hop limit exhausted"),
    ECHO_LIMITED("a ping of a vip, beyond echo_rate"),
    BEFORE("dropped by a program of the operator that runs before Loom's"),
    BEFORE_ABORTED("a program of the operator before Loom's failed: XDP_ABORTED, or an action that is none"),
    OTHER_VLAN("to a vip, with other VLAN tags than the way to its backend"),
    METHOD("any other drop by a forwarding method; loom_ebpf_verdicts_total tells which"),
    INTERNAL("a map or helper failed where it cannot: please report");

    /** Answered, since they could not be forwarded. */
    private static final Set<Integer> TOLD = Set.of(Verdict.REFUSED.number(), Verdict.RESET.number());

    private final String meaning;

    ErrorType(String meaning) {
        this.meaning = meaning;
    }

    /** Value of the label. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public String meaning() {
        return meaning;
    }

    /**
     * The error that a verdict counts as: a drop, or that a client was told of one. Empty for what is no error, and for a refused connection:
     * {@link #MAP_FULL} has its own counter, which also sees insertions that cost no packet.
     */
    public static Optional<ErrorType> of(VerdictCount count) {
        if (count.action() != Verdict.Action.DROP && !TOLD.contains(count.number())) {
            return Optional.empty();
        }
        if (count.number() >= Verdict.METHOD_BASE) {
            return Optional.of(count.reason().endsWith("ports_exhausted") ? PORTS_EXHAUSTED : METHOD);
        }
        return Verdict.of(count.number()).flatMap(ErrorType::ofCore);
    }

    private static Optional<ErrorType> ofCore(Verdict verdict) {
        return switch (verdict) {
            case DROP_NO_BACKEND, REFUSED, RESET, DROP_BACKEND_DOWN -> Optional.of(NO_BACKEND);
            case DROP_CONNECTION_LIMIT -> Optional.of(CONNECTION_LIMIT);
            case DROP_NEEDS_USERSPACE -> Optional.of(NEEDS_USERSPACE);
            case DROP_SOURCE_DENIED -> Optional.of(SOURCE_DENIED);
            case DROP_RATE_LIMIT -> Optional.of(RATE_LIMIT);
            case DROP_NO_METHOD -> Optional.of(NO_METHOD);
            case DROP_TRUNCATED -> Optional.of(TRUNCATED);
            case DROP_BAD_LENGTH -> Optional.of(BAD_LENGTH);
            case DROP_BAD_CHECKSUM -> Optional.of(BAD_CHECKSUM);
            case DROP_TOO_BIG -> Optional.of(TOO_BIG);
            case DROP_MARTIAN -> Optional.of(MARTIAN);
            case DROP_LINK_BROADCAST -> Optional.of(LINK_BROADCAST);
            case DROP_FRAGMENT_TINY -> Optional.of(FRAGMENT_TINY);
            case DROP_FRAGMENT_OVERLAP -> Optional.of(FRAGMENT_OVERLAP);
            case DROP_FRAGMENT_LENGTH -> Optional.of(FRAGMENT_LENGTH);
            case DROP_FRAGMENT_UNKNOWN -> Optional.of(FRAGMENT_UNKNOWN);
            case DROP_TTL -> Optional.of(TTL);
            case DROP_ECHO_LIMITED -> Optional.of(ECHO_LIMITED);
            case DROP_BEFORE -> Optional.of(BEFORE);
            case DROP_BEFORE_ABORTED -> Optional.of(BEFORE_ABORTED);
            case DROP_OTHER_VLAN -> Optional.of(OTHER_VLAN);
            case DROP_INTERNAL -> Optional.of(INTERNAL);
            case DROP_CONNECTIONS_FULL, FORWARD, REPLY, ECHO, ICMP_ERROR, SENT_BEFORE, PASS_NOT_IP, PASS_OTHER_PROTOCOL,
                    PASS_NO_LISTENER, PASS_FRAGMENT, PASS_EXTENSION_HEADER, PASS_OUT_OF_STATE, PASS_UNRELATED, PASS_FALLBACK, PASS_PASSTHROUGH,
                    PASS_OTHER_STATION, PASS_SOURCE_ROUTED -> Optional.empty();
        };
    }
}
