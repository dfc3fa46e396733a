package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.Verdict;
import io.loom.api.control.Tracing;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.datapath.internal.layout.TableEntry;
import io.loom.datapath.internal.layout.TraceRecord;
import io.loom.libbpf.Kernel;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the numbers in records of the trace stand for, as of one moment. For one thread. */
final class TraceNames {
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final List<String> TCP_FLAGS = List.of("fin", "syn", "rst", "psh", "ack");

    private final Map<Integer, Reason> reasons = new HashMap<>();
    private final Map<Integer, BackendKey> backends;
    private final Set<Endpoint> servers = new HashSet<>();
    private final Map<ListenerKey, ListenerSpec> listeners;
    private final Map<Integer, String> devices = new HashMap<>();

    TraceNames(Collection<Reason> reasons, Map<Integer, BackendKey> backends, Map<ListenerKey, ListenerSpec> listeners) {
        reasons.forEach(reason -> this.reasons.put(reason.number(), reason));
        this.backends = Map.copyOf(backends);
        this.listeners = new HashMap<>(listeners);
        backends.values().forEach(backend -> servers.add(backend.endpoint()));
    }

    /** @param time of the record, by the wall's clock */
    Tracing.Packet packet(TraceRecord record, Instant time) {
        Reason reason = reasons.getOrDefault(
                record.verdict(), new Reason(record.verdict(), String.valueOf(record.verdict()), Verdict.Action.DROP));
        return new Tracing.Packet(
                time, devices.computeIfAbsent(record.ifindex(), TraceNames::device), record.cpu(), reason.name(), reason.action(),
                headers(record), way(record), record.bytesIn(), record.bytesOut());
    }

    private static String device(int ifindex) {
        return Kernel.interfaceName(ifindex).orElse(String.valueOf(ifindex));
    }

    private static Tracing.Headers headers(TraceRecord record) {
        return new Tracing.Headers(
                record.source().isPresent() ? protocol(record.protocol()) : "", text(record.source()), record.sourcePort(),
                text(record.destination()), record.destinationPort(), flags(record), kind(record), record.length());
    }

    private static String protocol(int number) {
        return switch (number) {
            case IPPROTO_ICMP -> "icmp";
            case IPPROTO_ICMPV6 -> "icmpv6";
            default -> protocolOf(number).map(known -> known == Protocol.TCP ? "tcp" : "udp").orElse(String.valueOf(number));
        };
    }

    private static Optional<Protocol> protocolOf(int number) {
        return Arrays.stream(Protocol.values()).filter(known -> known.number() == number).findFirst();
    }

    private static String text(Optional<InetAddress> address) {
        return address.map(IpAddress::format).orElse("");
    }

    /** Other protocols use the same bits for what they do to a connection. */
    private static String flags(TraceRecord record) {
        StringBuilder flags = new StringBuilder();
        for (int bit = 0; record.protocol() == Protocol.TCP.number() && bit < TCP_FLAGS.size(); bit++) {
            if ((record.signals() >> bit & 1) != 0) {
                flags.append(flags.isEmpty() ? "" : " ").append(TCP_FLAGS.get(bit));
            }
        }
        return flags.toString();
    }

    private static Tracing.Kind kind(TraceRecord record) {
        if (record.related()) {
            return Tracing.Kind.ICMP_ERROR;
        }
        return switch (record.fragment()) {
            case 0 -> Tracing.Kind.PACKET;
            case 1 -> Tracing.Kind.FIRST_FRAGMENT;
            default -> Tracing.Kind.LATER_FRAGMENT;
        };
    }

    private Tracing.Way way(TraceRecord record) {
        Optional<ListenerKey> listener = protocolOf(record.protocol())
                .flatMap(protocol -> endpoint(record.destination(), record.destinationPort())
                        .map(endpoint -> new ListenerKey(protocol, endpoint)))
                .filter(listeners::containsKey);
        return new Tracing.Way(
                listener.map(ListenerKey::toString).orElse(""),
                listener.map(known -> listeners.get(known).table().vip()).orElse(""), backend(record), text(record.sentTo()));
    }

    private static Optional<Endpoint> endpoint(Optional<InetAddress> address, int port) {
        return port == 0 ? Optional.empty() : address.map(known -> new Endpoint(known, port));
    }

    /** A reply has come from it. */
    private String backend(TraceRecord record) {
        if (record.verdict() == Verdict.REPLY.number()) {
            return endpoint(record.source(), record.sourcePort()).filter(servers::contains).map(Endpoint::toString).orElse("");
        }
        if (record.backend() == TableEntry.LOCAL) {
            return "local";
        }
        return Optional.ofNullable(backends.get(record.backend())).map(known -> known.endpoint().toString()).orElse("");
    }
}
