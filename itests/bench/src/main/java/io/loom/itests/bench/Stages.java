package io.loom.itests.bench;

import io.loom.api.Protocol;
import io.loom.api.plugin.Description;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.forward.gue.GueForwarding;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.l2.L2Forwarding;
import io.loom.forward.nat.NatForwarding;
import io.loom.libbpf.MapType;
import io.loom.protocol.tcp.TcpHandler;
import io.loom.protocol.udp.UdpHandler;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The program with one kind of connection table, on as few sets of maps as the cases get along with. */
final class Stages implements AutoCloseable {
    private static final int HZ = 250;
    private static final int BACKENDS = 1024;
    /** Longer than the bench takes: a full table stays full. */
    private static final int NEVER = 100_000;

    // In the order in which a fresh installation deploys them, because slots are part of the program.
    private final List<SlottedMethod> methods = List.of(
            SlottedMethod.of(0, new GueForwarding()), SlottedMethod.of(1, new IpipForwarding()),
            SlottedMethod.of(2, new L2Forwarding()), SlottedMethod.of(3, new NatForwarding()));
    private final int entries;
    private final Tuning.Connections.Kind kind;

    /** Up to 131,072 connections of each listener: the first of these take turns, as if there were no others. */
    final Lazy<Stage> sparse = new Lazy<>(this::stage);
    /** A million connections of one listener. */
    final Lazy<Stage> million = new Lazy<>(this::stage);
    final Lazy<Stage> natMillion = new Lazy<>(this::stage);
    /** Whose tables somebody fills. */
    final Lazy<Stage> full = new Lazy<>(this::stage);

    Stages(int entries, Tuning.Connections.Kind kind) {
        this.entries = entries;
        this.kind = kind;
    }

    Description method(String name) {
        return methods.stream().map(SlottedMethod::description).filter(method -> method.name().equals(name)).findFirst().orElseThrow();
    }

    private Stage stage() {
        return new Stage(composition(new Tuning.Connections(entries, kind)), World.IFINDEX);
    }

    Composition composition(Tuning.Connections connections) {
        Tuning small = Tuning.small(HZ).withTimeout(NEVER).withConnections(connections);
        Tuning tuning = new Tuning(small.hz(), small.timeouts(), small.affinity(), small.seed(),
                new Tuning.Size(BACKENDS, MapType.ARRAY), connections, small.verdicts());
        return Composer.builtIn().compose(methods,
                new TreeMap<>(Map.of(Protocol.TCP, new TcpHandler().object(), Protocol.UDP, new UdpHandler().object())), tuning);
    }

    @Override
    public void close() {
        List.of(sparse, million, natMillion, full).forEach(stage -> stage.ifMade(Stage::close));
    }
}
