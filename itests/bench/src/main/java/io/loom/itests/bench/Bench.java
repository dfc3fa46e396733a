package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry;
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
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** {@code Bench [--json FILE] [--only TEXT]}: measures, prints a table, and writes it as JSON. Needs root; two minutes. */
public final class Bench {
    private static final int ROUNDS = 15;
    /** Entries of each connection table unless the configuration says otherwise: etc/loom.yaml. */
    private static final int CONNECTIONS = 262_144;
    private static final int MANY = 1 << 20;
    /** Each key of a reply has one place in the table: with 48 backends' ports this is what fits into a table for 1M. */
    private static final int MANY_TRANSLATED = 3 << 18;
    private static final int FLOWS = 16_384;
    private static final int MORE_FLOWS = 131_072;
    /** Few enough for the source ports of the backends, so that the search for a free one stays short. */
    private static final int NAT_CONNECTIONS = 150_000;
    private static final int FLOOR_PACKETS = 131_072;
    private static final int HZ = 250;
    /** Longer than any run: nothing expires while it lasts. */
    private static final int TIMEOUT = 3600;
    private static final Set<ListenerEntry.Flag> DEFER = Set.of(ListenerEntry.Flag.DEFER);

    private final List<Scenery> sceneries = new ArrayList<>();
    private final String only;
    private final ForwardingMethod nat = new NatForwarding();
    private final ForwardingMethod ipip = new IpipForwarding();
    private final ForwardingMethod gue = new GueForwarding();
    private final ForwardingMethod l2 = new L2Forwarding();
    private final Composition usual = composition(CONNECTIONS, Tuning.Connections.Kind.CACHE);

    /** @param only cases whose name contains this */
    private Bench(String only) {
        this.only = only;
    }

    /** Methods in the order in which a fresh installation deploys them, because slots are part of the program. */
    private Composition composition(int connections, Tuning.Connections.Kind kind) {
        List<SlottedMethod> deployed = List.of(
                SlottedMethod.of(0, gue), SlottedMethod.of(1, ipip), SlottedMethod.of(2, l2), SlottedMethod.of(3, nat));
        return Composer.builtIn().compose(deployed, handlers(), Tuning.small(HZ).withTimeout(TIMEOUT)
                .withConnections(new Tuning.Connections(connections, kind)));
    }

    private static SortedMap<Protocol, byte[]> handlers() {
        return new TreeMap<>(Map.of(
                Protocol.TCP, new TcpHandler().object(), Protocol.UDP, new UdpHandler().object()));
    }

    public static void main(String[] arguments) throws IOException {
        String only = "";
        Optional<Path> json = Optional.empty();
        for (int i = 0; i < arguments.length; i += 2) {
            boolean known = i + 1 < arguments.length && (arguments[i].equals("--json") || arguments[i].equals("--only"));
            if (!known) {
                System.err.println("usage: Bench [--json FILE] [--only TEXT]");
                System.exit(2);
            }
            only = arguments[i].equals("--only") ? arguments[i + 1] : only;
            json = arguments[i].equals("--json") ? Optional.of(Path.of(arguments[i + 1])) : json;
        }
        try {
            Report report = new Bench(only).run();
            System.out.print(report.table());
            if (json.isPresent()) {
                report.write(json.get());
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
                direct(family, cases);
                minimal(family, cases);
                kernelHash(family, cases);
                translated(family, cases);
                others(family, cases);
            }
            if (cases.isEmpty()) {
                throw new LoomException(Problem.of(
                        "LOOM-1299", "nothing to measure", "no case's name contains " + only, "leave --only out to see all"));
            }
            return measure(cases);
        } finally {
            sceneries.forEach(Scenery::close);
        }
    }

    /** False if no case that begins like this is asked for: then its scenery need not be made. */
    private boolean wants(String prefix, Family family) {
        return only.isEmpty() || (prefix + "_v" + family.version()).contains(only) || only.startsWith(prefix + "_v" + family.version());
    }

    private void direct(Family family, List<Case> cases) {
        if (!wants("ipip", family)) {
            return;
        }
        hits(scenery(composition(MANY, Tuning.Connections.Kind.CACHE), ipip, family, "ipip", DEFER).opened(MANY), cases);
        cases.add(scenery(composition(MANY, Tuning.Connections.Kind.CACHE), ipip, family, "ipip", DEFER)
                .opened(MORE_FLOWS).mixed(MORE_FLOWS, 4 * MANY));
        Scenery full = scenery(usual, ipip, family, "ipip", DEFER);
        cases.add(full.strangers("first_ack_full", Frame.ACK, CONNECTIONS, Case.Opening.ALL));
        cases.add(scenery(usual, ipip, family, "ipip", DEFER).filled(CONNECTIONS)
                .strangers("syn_full", Frame.SYN, CONNECTIONS, Case.Opening.FEW));
    }

    private void minimal(Family family, List<Case> cases) {
        if (wants("minimal", family)) {
            Scenery scenery = scenery(usual, ipip, family, "minimal", Set.of(ListenerEntry.Flag.MINIMAL));
            hits(scenery, cases);
            cases.add(scenery.strangers("new", Frame.SYN, CONNECTIONS, Case.Opening.FEW));
            cases.add(scenery.strangers("miss", Frame.ACK, CONNECTIONS, Case.Opening.FEW));
        }
    }

    private void kernelHash(Family family, List<Case> cases) {
        if (wants("lru", family)) {
            hits(scenery(composition(MANY, Tuning.Connections.Kind.LRU_HASH), ipip, family, "lru", Set.of()).opened(MANY), cases);
            Composition full = composition(CONNECTIONS, Tuning.Connections.Kind.LRU_HASH);
            cases.add(scenery(full, ipip, family, "lru", Set.of()).strangers("new_full", Frame.SYN, CONNECTIONS, Case.Opening.ALL));
            cases.add(scenery(full, ipip, family, "lru", Set.of()).strangers("miss_full", Frame.ACK, CONNECTIONS, Case.Opening.ALL));
        }
    }

    private void translated(Family family, List<Case> cases) {
        if (wants("nat", family)) {
            Scenery scenery = scenery(composition(MANY, Tuning.Connections.Kind.CACHE), nat, family, "nat", Set.of()).opened(MANY_TRANSLATED);
            cases.add(scenery.hits("1", 1));
            cases.add(scenery.hits("16k", FLOWS));
            cases.add(scenery.hits("128k", MORE_FLOWS));
            cases.add(scenery.hits("768k", MANY_TRANSLATED));
            cases.add(scenery.replies("1", 1));
            cases.add(scenery.replies("16k", FLOWS));
            cases.add(scenery.replies("128k", MORE_FLOWS));
            cases.add(scenery.replies("768k", MANY_TRANSLATED));
            cases.add(scenery(usual, nat, family, "nat", Set.of()).opening(NAT_CONNECTIONS, ROUNDS));
        }
    }

    private void others(Family family, List<Case> cases) {
        for (ForwardingMethod method : List.of(gue, l2)) {
            String name = method.describe().name();
            if (wants(name, family)) {
                Scenery scenery = scenery(usual, method, family, name, DEFER).opened(FLOWS);
                cases.add(scenery.hits("1", 1));
                cases.add(scenery.hits("16k", FLOWS));
            }
        }
        if (wants("udp", family)) {
            cases.add(scenery(usual, ipip, family, "udp", Set.of()).datagrams());
        }
        if (wants("pass", family)) {
            cases.add(scenery(usual, ipip, family, "pass", Set.of()).passing());
        }
    }

    private static void hits(Scenery scenery, List<Case> cases) {
        cases.add(scenery.hits("1", 1));
        cases.add(scenery.hits("16k", FLOWS));
        cases.add(scenery.hits("128k", MORE_FLOWS));
        cases.add(scenery.hits("1M", MANY));
    }

    private Scenery scenery(
            Composition composition, ForwardingMethod method, Family family, String prefix, Set<ListenerEntry.Flag> flags) {
        Scenery scenery = Scenery.of(composition, method.describe(), family, prefix, flags);
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
