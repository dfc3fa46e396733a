package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.datapath.internal.layout.FibLookup;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One question: how does a frame get to this address? Asks the kernel's routing table through a BPF program, so that policy
 * routes need no care here. Needs forwarding on {@code lo}, and sets it there only: the host does not become
 * a router.
 */
final class HopLookup implements NextHops.Lookup, AutoCloseable {
    /** The discard port (RFC 863): a datagram to it makes the kernel look for the neighbour and has no other effect. */
    private static final int DISCARD = 9;
    private static final Path IPV4_FORWARDING = Path.of("/proc/sys/net/ipv4/conf/lo/forwarding");
    private static final Path IPV6_FORWARDING = Path.of("/proc/sys/net/ipv6/conf/lo/forwarding");

    private final BpfProgram program;
    private final int loopback;
    private final Map<Family, Problem> forbidden = new ConcurrentHashMap<>();

    /** @param program loom_nexthop */
    HopLookup(BpfProgram program) {
        this.program = program;
        this.loopback = Kernel.interfaceIndex("lo").orElseThrow();
    }

    /**
     * Turns on what the lookups need.
     *
     * @throws LoomException LOOM-1206 if the kernel's settings cannot be written
     */
    void allow() {
        enable(IPV4_FORWARDING, false);
        enable(IPV6_FORWARDING, true);
    }

    /**
     * @param hop    empty if it is not known
     * @param result the kernel's word, or {@code NOT_FORWARDED} without asking it
     * @param reason in words; empty if the hop is known
     */
    record Answer(Optional<NextHop> hop, FibLookup.Result result, String reason) {
        static Answer unknown(FibLookup.Result result, String reason) {
            return new Answer(Optional.empty(), result, reason);
        }
    }

    /** @param optional true if a kernel that is as it should be may have no such setting: one without IPv6 */
    static void enable(Path forwarding, boolean optional) {
        try {
            if (!(optional && Files.notExists(forwarding)) && !KernelFile.read(forwarding).equals("1")) {
                Files.writeString(forwarding, "1");
            }
        } catch (IOException failure) {
            throw new LoomException(Problem.of(
                    "LOOM-1206", "cannot ask the kernel for routes", "forwarding on lo cannot be turned on: " + failure,
                    "write 1 to " + forwarding + " before Loom starts, or let it write there"), failure);
        }
    }

    /**
     * @param vips   not to be the source if the interface has another address. If it has none but vips (the flat form balances
     *               an interface's own addresses), a vip will do: of its ports, a listener's packets go to the listener
     * @param before the source so far. It stays while this host has it and the way leads through the same interface, whatever
     *               would be chosen now: connections that nat sends from it would break
     */
    @Override
    public Answer ask(InetAddress destination, Set<InetAddress> vips, Optional<InetAddress> before) {
        Answer answer = ask(destination, vips);
        if (answer.hop().isEmpty() || before.isEmpty() || before.get().equals(answer.hop().get().source()) || !isOurs(before.get())) {
            return answer;
        }
        Answer same = ask(before.get(), destination);
        int ifindex = answer.hop().get().ifindex();
        return same.hop().filter(hop -> hop.ifindex() == ifindex).isPresent() ? same : answer;
    }

    private static boolean isOurs(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException gone) {
            return false;
        }
    }

    private Answer ask(InetAddress destination, Set<InetAddress> vips) {
        InetAddress source;
        try {
            source = source(destination);
        } catch (IOException | UncheckedIOException noRoute) {
            return Answer.unknown(FibLookup.Result.NOT_FORWARDED, "no route to it: " + message(noRoute));
        }
        Answer answer = ask(source, destination);
        if (!vips.contains(source) || answer.hop().isEmpty()) {
            return answer;
        }
        return otherSource(answer.hop().get().ifindex(), destination, vips)
                .map(other -> ask(other, destination))
                .orElse(answer);
    }

    /** Whoever switches forwarding off for the whole host switches it off on {@code lo} too; there it is Loom's. */
    private Answer ask(InetAddress source, InetAddress destination) {
        Answer answer = look(source, destination);
        Family family = Family.of(destination);
        if (answer.result() == FibLookup.Result.FORWARDING_DISABLED) {
            try {
                allow();
                answer = look(source, destination);
            } catch (LoomException refused) {
                forbidden.put(family, refused.problems().get(0));
                return answer;
            }
        }
        forbidden.remove(family);
        return answer;
    }

    /** That no routes can be asked for. */
    List<Problem> problems() {
        return List.copyOf(new TreeMap<>(forbidden).values());
    }

    private Answer look(InetAddress source, InetAddress destination) {
        BpfProgram.TestRun run = program.testRun(FibLookup.question(source, destination, loopback), 1);
        if (run.result() < 0 || run.result() >= FibLookup.Result.values().length) {
            return Answer.unknown(FibLookup.Result.NOT_FORWARDED, "the kernel cannot look it up (" + run.result() + ")");
        }
        FibLookup.Result result = FibLookup.Result.values()[run.result()];
        return result == FibLookup.Result.SUCCESS
                ? new Answer(Optional.of(FibLookup.answer(source, run.frame())), result, "")
                : Answer.unknown(result, result.meaning());
    }

    /** The address that the kernel would send from; connecting a datagram socket sends nothing. */
    private static InetAddress source(InetAddress destination) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(destination, DISCARD));
            return socket.getLocalAddress();
        }
    }

    private static String message(Exception failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    /** An address in the destination's subnet if there is one, else any that reaches beyond the link. */
    private static Optional<InetAddress> otherSource(int ifindex, InetAddress destination, Set<InetAddress> vips) {
        try {
            NetworkInterface device = NetworkInterface.getByIndex(ifindex);
            if (device == null) {
                return Optional.empty();
            }
            return device.getInterfaceAddresses().stream()
                    .filter(address -> Family.of(address.getAddress()) == Family.of(destination))
                    .filter(address -> !vips.contains(address.getAddress()) && !address.getAddress().isLinkLocalAddress())
                    .min(Comparator.comparing(address -> !isNear(address, destination)))
                    .map(InterfaceAddress::getAddress);
        } catch (SocketException gone) {
            return Optional.empty();
        }
    }

    private static boolean isNear(InterfaceAddress address, InetAddress destination) {
        int bits = destination.getAddress().length * Byte.SIZE;
        BigInteger difference = new BigInteger(1, address.getAddress().getAddress())
                .xor(new BigInteger(1, destination.getAddress()));
        return difference.bitLength() <= bits - address.getNetworkPrefixLength();
    }

    /** Makes the kernel look for the neighbour on the way, which a lookup never does. */
    @Override
    public void provoke(InetAddress destination) {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(new byte[1], 1, new InetSocketAddress(destination, DISCARD)));
        } catch (IOException unreachable) {
            // The next lookup says so, with a reason that people understand.
        }
    }

    @Override
    public void close() {
        program.close();
    }
}
