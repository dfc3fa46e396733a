package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.control.dataplane.ListenerKey;
import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.regex.Pattern;

/** Which addresses and ports programs on this host have, and whether one takes what the local stack gets, as /proc/net tells (proc(5)). */
final class HostSockets {
    static final Path TABLES = Path.of("/proc/net");
    private static final String TCP_LISTEN = "0A";
    private static final String UDP_UNCONNECTED = "07";
    /** Anything else is the table's head. */
    private static final Pattern SOCKET = Pattern.compile("^ *\\d+: ");
    private static final Pattern LISTENS = Pattern.compile("^ *\\d+: \\S+ \\S+ " + TCP_LISTEN);

    private final Set<ListenerKey> open = new HashSet<>();

    /** As it is now. @param protocols to look at, because some hosts have very many sockets */
    static HostSockets read(Set<Protocol> protocols) throws IOException {
        return read(TABLES, protocols);
    }

    static HostSockets read(Path tables, Set<Protocol> protocols) throws IOException {
        HostSockets sockets = new HostSockets();
        for (Protocol protocol : protocols) {
            for (String suffix : List.of("", "6")) {
                Path table = tables.resolve(protocol.name().toLowerCase(Locale.ROOT) + suffix);
                if (suffix.isEmpty() || !Files.notExists(table)) { // without IPv6 there is no such table
                    lines(protocol, table).stream().skip(1).forEach(line -> sockets.add(protocol, new StringTokenizer(line)));
                }
            }
        }
        return sockets;
    }

    /**
     * The kernel names those of TCP that listen first. Connections, of which probes of thousands of servers leave 100,000 in TIME_WAIT, are not
     * even read: that would take seconds.
     */
    private static List<String> lines(Protocol protocol, Path table) throws IOException {
        return protocol != Protocol.TCP ? KernelFile.lines(table)
                : KernelFile.linesWhile(table, line -> LISTENS.matcher(line).find() || !SOCKET.matcher(line).find());
    }

    /** @param fields number, local address, remote address, state */
    private void add(Protocol protocol, StringTokenizer fields) {
        fields.nextToken();
        String local = fields.nextToken();
        fields.nextToken();
        int colon = local.indexOf(':');
        InetAddress address = address(local.substring(0, colon));
        int port = Integer.parseInt(local, colon + 1, local.length(), 16);
        if (fields.nextToken().equals(protocol == Protocol.TCP ? TCP_LISTEN : UDP_UNCONNECTED)) {
            open.add(new ListenerKey(protocol, new Endpoint(address, port)));
        }
    }

    /** Ports at which servers wait, but for those that only this host itself can reach. */
    BitSet atHome() {
        BitSet ports = new BitSet();
        open.stream().map(ListenerKey::endpoint).filter(endpoint -> !endpoint.address().isLoopbackAddress())
                .forEach(endpoint -> ports.set(endpoint.port()));
        return ports;
    }

    /** Words of 32 bits in this machine's order. */
    private static InetAddress address(String hex) {
        ByteBuffer words = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        ByteBuffer address = ByteBuffer.allocate(words.capacity()).order(ByteOrder.nativeOrder());
        while (words.hasRemaining()) {
            address.putInt(words.getInt());
        }
        try {
            return InetAddress.getByAddress(address.array());
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** True for a socket at that address or at all of them; one for all IPv6 addresses counts for IPv4 too, as most are. */
    boolean accept(ListenerKey listener) {
        Endpoint endpoint = listener.endpoint();
        return open.contains(listener) || open.contains(any(listener, Family.IPV6))
                || endpoint.family() == Family.IPV4 && open.contains(any(listener, Family.IPV4));
    }

    private static ListenerKey any(ListenerKey listener, Family family) {
        InetAddress address = address("0".repeat(family == Family.IPV4 ? 8 : 32));
        return new ListenerKey(listener.protocol(), new Endpoint(address, listener.endpoint().port()));
    }
}
