package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.plugin.LookupTable;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.World;
import io.loom.libbpf.BpfProgram.TestRun;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What two CPUs do to one map at the same moment: a network card spreads packets over them. */
class TwoCpusIT {
    private static final int FLOWS = 10_000;
    private static final int FIRST_PORT = 20_000;
    private static final Frames FRAMES = new Frames();

    @BeforeAll
    static void twoAreNeeded() {
        assertTrue(Runtime.getRuntime().availableProcessors() > 1, "races need two CPUs; this machine has one");
    }

    private static ScratchPlane plane(Family family, Tuning.Connections connections, long ports) {
        Composition composition = Linked.shipped(Tuning.small(Linked.HZ).withConnections(connections));
        ScratchPlane plane = ScratchPlane.open(
                composition, Map.of("nat_port_first", (long) FIRST_PORT, "nat_port_count", ports));
        for (int number = 1; number <= 2; number++) {
            Endpoint backend = new Endpoint(World.backend(family, number), 8080);
            plane.addBackend(new ScratchPlane.Backend(backend, "nat"));
        }
        plane.addVip(World.vip(family), List.of(1));
        return plane;
    }

    /** SYNs of clients that differ in their port. */
    private static List<byte[]> syns(Family family, int firstPort, int count) {
        List<byte[]> syns = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Anatomy syn = Anatomy.read(FRAMES.request(family, "S", Balancer.CLIENT_PORT)).anatomy().orElseThrow();
            syn.put(syn.l4(), firstPort + i);
            syn.sumUp();
            syns.add(syn.frame());
        }
        return syns;
    }

    /** What left; empty if the packet was dropped. */
    private static Optional<Anatomy> sent(TestRun run) {
        return run.result() == FuzzJudge.XDP_TX ? Anatomy.read(run.frame()).anatomy() : Optional.empty();
    }

    private static String names(TestRun run) {
        return sent(run).map(packet -> packet.source() + " to " + packet.destination()).orElse("nothing");
    }

    /** Each CPU takes backends in turn by its own count: they disagree about the choice, but not about the connection. */
    @ParameterizedTest
    @EnumSource
    void oneFlowOnBothCpusHasOneBackendAndOnePort(Family family) throws Exception {
        try (ScratchPlane plane = plane(family, new Tuning.Connections(4 * FLOWS, Tuning.Connections.Kind.CACHE), 30_000)) {
            plane.putVip(0, World.vip(family), LookupTable.Index.COUNTER, List.of(1, 2));
            List<byte[]> syns = syns(family, 10_000, FLOWS);
            List<List<TestRun>> runs = new TwoCpus().run(plane.program(), syns, syns);
            for (int i = 0; i < FLOWS; i++) {
                String kept = names(plane.program().testRun(syns.get(i), 1));
                assertTrue(!kept.equals("nothing"), "flow " + i + " is lost");
                assertEquals(kept, names(runs.get(0).get(i)), "flow " + i + " on the first CPU");
                assertEquals(kept, names(runs.get(1).get(i)), "flow " + i + " on the second CPU");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void twoFlowsNeverGetOnePortHoweverFewThereAre(Family family) throws Exception {
        for (int round = 0; round < 12; round++) {
            try (ScratchPlane plane = plane(family, new Tuning.Connections(1024, Tuning.Connections.Kind.CACHE), 16)) {
                List<List<TestRun>> runs = new TwoCpus().run(
                        plane.program(), syns(family, 10_000, 32), syns(family, 20_000, 32));
                Map<Anatomy.Peer, Integer> owners = new HashMap<>();
                runs.forEach(one -> one.forEach(run -> sent(run).ifPresent(packet -> owners.merge(packet.source(), 1, Integer::sum))));
                assertTrue(owners.size() > 8, "ports that were given: " + owners);
                owners.forEach((port, times) -> assertEquals(1, times, "connections with " + port));
            }
        }
    }

    /** Of a plain hash that is full: whoever got in stays in, the others are refused. */
    @ParameterizedTest
    @EnumSource
    void aFullTableRefusesNewConnectionsAndKeepsThoseThatItHas(Family family) throws Exception {
        try (ScratchPlane plane = plane(family, new Tuning.Connections(100, Tuning.Connections.Kind.HASH), 30_000)) {
            List<byte[]> first = syns(family, 10_000, 200);
            List<byte[]> second = syns(family, 20_000, 200);
            List<List<TestRun>> runs = new TwoCpus().run(plane.program(), first, second);
            long served = runs.stream().flatMap(List::stream).filter(run -> sent(run).isPresent()).count();
            assertTrue(served >= 90 && served <= 100, "connections in a table of 100: " + served);
            for (int i = 0; i < 200; i++) {
                assertEquals(names(runs.get(0).get(i)), names(plane.program().testRun(first.get(i), 1)));
                assertEquals(names(runs.get(1).get(i)), names(plane.program().testRun(second.get(i), 1)));
            }
        }
    }
}
