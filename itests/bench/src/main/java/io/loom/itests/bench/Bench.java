package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Protocol;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.forward.gue.GueForwarding;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.l2.L2Forwarding;
import io.loom.forward.nat.NatForwarding;
import io.loom.libbpf.BpfObject;
import io.loom.protocol.tcp.TcpHandler;
import io.loom.protocol.udp.UdpHandler;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** {@code Bench [--json FILE]}: measures, prints a table, and writes it as JSON. Needs root; about a minute. */
public final class Bench {
    private static final int ROUNDS = 25;
    /** Entries of each connection table unless the configuration says otherwise: etc/loom.yaml. */
    private static final int CONNECTIONS = 262_144;
    /** Few enough for the source ports of the backends, so that the search for a free one stays short. */
    private static final int NAT_CONNECTIONS = 100_000;
    private static final int FLOWS = 16_384;
    private static final int FLOOR_PACKETS = 65_536;
    private static final int HZ = 250;

    private final List<Scenery> sceneries = new ArrayList<>();
    private final Composition composition;
    private final ForwardingMethod nat = new NatForwarding();
    private final ForwardingMethod ipip = new IpipForwarding();
    private final ForwardingMethod gue = new GueForwarding();
    private final ForwardingMethod l2 = new L2Forwarding();

    private Bench() {
        // In the order in which a fresh installation deploys them, because slots are part of the program.
        List<SlottedMethod> deployed = List.of(
                SlottedMethod.of(0, gue), SlottedMethod.of(1, ipip), SlottedMethod.of(2, l2), SlottedMethod.of(3, nat));
        composition = Composer.builtIn().compose(
                deployed, handlers(), Tuning.small(HZ).withConnections(new Tuning.Connections(CONNECTIONS, Tuning.Connections.Kind.CACHE)));
    }

    private static SortedMap<Protocol, byte[]> handlers() {
        return new TreeMap<>(Map.of(
                Protocol.TCP, new TcpHandler().object(), Protocol.UDP, new UdpHandler().object()));
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 0 && !(arguments.length == 2 && arguments[0].equals("--json"))) {
            System.err.println("usage: Bench [--json FILE]");
            System.exit(2);
        }
        try {
            Report report = new Bench().run();
            System.out.print(report.table());
            if (arguments.length == 2) {
                report.write(Path.of(arguments[1]));
            }
        } catch (LoomException failure) {
            System.err.println(failure.getMessage());
            System.exit(1);
        }
    }

    private Report run() {
        try {
            List<Case> cases = new ArrayList<>();
            for (Family family : Family.values()) {
                prepare(family, cases);
            }
            return measure(cases);
        } finally {
            sceneries.forEach(Scenery::close);
        }
    }

    private void prepare(Family family, List<Case> cases) {
        cases.add(scenery(ipip, family).established("1", 1));
        cases.add(scenery(ipip, family).established("16k", FLOWS));
        cases.add(scenery(ipip, family).openingWhenFull(CONNECTIONS));
        cases.add(scenery(nat, family).established("1", 1));
        cases.add(scenery(nat, family).established("16k", FLOWS));
        cases.add(scenery(nat, family).replies("1", 1));
        cases.add(scenery(nat, family).replies("16k", FLOWS));
        cases.add(scenery(nat, family).opening(NAT_CONNECTIONS, ROUNDS));
        cases.add(scenery(gue, family).established("1", 1));
        cases.add(scenery(gue, family).established("16k", FLOWS));
        cases.add(scenery(l2, family).established("1", 1));
        cases.add(scenery(l2, family).established("16k", FLOWS));
        cases.add(scenery(ipip, family).passing());
    }

    private Scenery scenery(ForwardingMethod method, Family family) {
        Scenery scenery = Scenery.of(composition, method.describe(), family);
        sceneries.add(scenery);
        return scenery;
    }

    /** Rounds over all cases rather than case after case, so that what disturbs the host disturbs all alike. */
    private Report measure(List<Case> cases) {
        List<Long> floors = new ArrayList<>();
        List<List<Long>> totals = new ArrayList<>();
        cases.forEach(each -> totals.add(new ArrayList<>()));
        try (BpfProgram nothing = nothing(); Wrapper floor = Wrapper.around(nothing, floorFrame(), Flow.clients(FLOWS))) {
            for (int round = 0; round < ROUNDS; round++) {
                floors.add(floor.run(FLOOR_PACKETS).nanosPerRun());
                for (int i = 0; i < cases.size(); i++) {
                    totals.get(i).add(cases.get(i).measure());
                }
            }
        }
        List<Report.Line> lines = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            lines.add(new Report.Line(cases.get(i).name(), Report.median(totals.get(i))));
        }
        return new Report(sceneries.get(0).tag(), Report.median(floors), lines);
    }

    private static Frame floorFrame() {
        return Frame.toward(World.vip(Family.IPV4), World.BACKEND4, Frame.ACK);
    }

    private static BpfProgram nothing() {
        try (BpfObject object = BpfObject.open("pass", Wrapper.object("pass"))) {
            object.load();
            return object.program("loom_pass");
        }
    }
}
