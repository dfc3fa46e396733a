package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.Verdict;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.XdpLink;
import io.loom.libbpf.XdpMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Frames that leave: through one end of a veth, to a program at the other end that counts and drops them, on one processor.
 * Loom's program against one that sends every frame back and does nothing else; both behind the wrapper.
 */
final class Live implements AutoCloseable {
    private static final String NEAR = "loom-bench0";
    private static final String FAR = "loom-bench1";
    private static final int FRAMES = 1 << 20;
    private static final int ROUNDS = 7;
    private static final int ENTRIES = 65_536;
    private static final List<Population> POPULATIONS = List.of(Population.ONE, Population.THOUSANDS);

    private final BpfObject object;
    private final BpfProgram sink;
    private final BpfProgram bounce;
    private final BpfMap arrived;
    private final int near;
    private final List<XdpLink> links;

    private Live() {
        object = BpfObject.open("bench", Wrapper.object("bench"));
        object.load();
        sink = object.program("loom_bench_sink");
        bounce = object.program("loom_bench_bounce");
        arrived = object.map("bench_arrived");
        near = Kernel.interfaceIndex(NEAR).orElseThrow();
        // The near end needs a program as well, or nothing may be sent through it.
        links = List.of(XdpLink.attach(sink, near, XdpMode.NATIVE),
                XdpLink.attach(sink, Kernel.interfaceIndex(FAR).orElseThrow(), XdpMode.NATIVE));
    }

    /** @throws IllegalArgumentException outside of a network namespace made for it: one where other interfaces are in use */
    static void requireSolitude() throws IOException, InterruptedException {
        Optional<String> other =
                ip("-oneline", "link", "show", "up").lines().filter(line -> !line.contains("LOOPBACK")).findFirst();
        if (other.isPresent()) {
            throw new IllegalArgumentException(
                    "--live makes interfaces, and others are in use here; run it by unshare --net: " + other.get());
        }
    }

    static List<Report.LiveLine> measure(Stages stages) throws IOException, InterruptedException {
        ip("link", "add", NEAR, "type", "veth", "peer", "name", FAR);
        try {
            ip("link", "set", NEAR, "up");
            ip("link", "set", FAR, "up");
            try (Live live = new Live();
                 Stage stage = new Stage(
                         stages.composition(new Tuning.Connections(ENTRIES, Tuning.Connections.Kind.CACHE)), live.near)) {
                return live.compare(new Vip(
                        stage, Arguments.DEFAULTS, "live_ipip", stages.method("ipip"), Family.IPV4, Protocol.TCP, Set.of(Flag.DEFER)), stage);
            }
        } finally {
            ip("link", "del", NEAR);
        }
    }

    private List<Report.LiveLine> compare(Vip vip, Stage stage) {
        List<Report.LiveLine> lines = new ArrayList<>();
        for (Population population : POPULATIONS) {
            Flows flows = Flows.clients(0, population.flows, Flows.ACK);
            Wrapper loom = vip.clients(flows);
            loom.runLive(near, 2 * population.flows); // begins the connections, and establishes them
            try (Wrapper empty = vip.clients(bounce, flows)) {
                List<Long> nothing = new ArrayList<>();
                List<Long> all = new ArrayList<>();
                for (int round = 0; round < ROUNDS; round++) {
                    nothing.add(run(empty));
                    long before = stage.packets(Verdict.FORWARD);
                    all.add(run(loom));
                    require("forwarded", stage.packets(Verdict.FORWARD) - before);
                }
                lines.add(new Report.LiveLine("live_ipip_v4_established_" + population.label,
                        1000.0 / Report.median(nothing), 1000.0 / Report.median(all)));
            }
        }
        return lines;
    }

    private long run(Wrapper wrapper) {
        long before = arrived();
        long nanoseconds = wrapper.runLive(near, FRAMES);
        require("received", arrived() - before);
        return nanoseconds;
    }

    private static void require(String what, long frames) {
        if (frames < FRAMES - FRAMES / 100) {
            throw new IllegalStateException(frames + " of " + FRAMES + " live frames were " + what);
        }
    }

    private long arrived() {
        ByteBuffer counters =
                ByteBuffer.wrap(arrived.lookup(new byte[Integer.BYTES]).orElseThrow()).order(ByteOrder.LITTLE_ENDIAN);
        long sum = 0;
        while (counters.hasRemaining()) {
            sum += counters.getLong();
        }
        return sum;
    }

    private static String ip(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output.strip());
        }
        return output;
    }

    @Override
    public void close() {
        links.forEach(XdpLink::close);
        arrived.close();
        bounce.close();
        sink.close();
        object.close();
    }
}
