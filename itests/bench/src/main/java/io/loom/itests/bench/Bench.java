package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Protocol;
import io.loom.datapath.Tuning.Connections.Kind;
import io.loom.datapath.World;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Measures, prints a table, and writes it as JSON. Needs root and 3 GB of memory; about two minutes. */
public final class Bench {
    private static final int FLOOR_FLOWS = 16_384;
    private static final int FLOOR_PACKETS = 16_384;

    /** Until most connections have a place for good, where more hash to a set than it can hold. */
    private static final int SETTLING_TURNS = 3;

    private final Arguments arguments;
    private final List<Long> floors = new ArrayList<>();
    private final List<Measured> measured = new ArrayList<>();

    /** @param costs in floors, the floor itself not included */
    private record Measured(Catalogue.Entry entry, List<Double> costs) {
    }

    Bench(Arguments arguments) {
        this.arguments = arguments;
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        try {
            Arguments arguments = Arguments.parse(List.of(words));
            Report report = new Bench(arguments).run();
            System.out.print(report.text());
            if (arguments.json().isPresent()) {
                report.write(arguments.json().get());
            }
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            System.exit(2);
        } catch (LoomException failure) {
            System.err.println(failure.getMessage());
            System.exit(1);
        }
    }

    /** One kind of table after the other, because the maps of both would take twice the memory. */
    Report run() throws IOException, InterruptedException {
        if (arguments.live()) {
            Live.requireSolitude();
        }
        try (Stages stages = new Stages(arguments.entries(), Kind.LRU_HASH)) {
            measure(Catalogue.ofLruHash(stages, arguments));
        }
        try (Stages stages = new Stages(arguments.entries(), Kind.CACHE)) {
            measure(Catalogue.ofCache(stages, arguments));
            List<Report.LiveLine> live = arguments.live() ? Live.measure(stages) : List.of();
            Stage stage = stages.sparse.get();
            return new Report(stage.plane().program().tag(), Report.median(floors), arguments.traffic(), lines(),
                    MemoryUse.of(stage, arguments.entries()), live);
        }
    }

    private List<Report.Line> lines() {
        long floor = Report.median(floors);
        return measured.stream().map(each -> Report.Line.of(each.entry.name(), Math.round(Report.median(each.costs) * floor), floor,
                each.entry.goal(), arguments.traffic())).toList();
    }

    /**
     * Rounds over all cases rather than case after case, and the floor just before each: so that what disturbs the host disturbs
     * all alike, and a processor that is slower for a second is so for both.
     */
    private void measure(List<Catalogue.Entry> entries) {
        List<Case> cases = prepare(entries);
        List<List<Double>> costs = new ArrayList<>();
        cases.forEach(each -> costs.add(new ArrayList<>()));
        try (BpfProgram nothing = nothing();
             Wrapper floor = Wrapper.around(nothing, floorFrame(), Flows.clients(0, FLOOR_FLOWS, Flows.ACK))) {
            for (int round = 0; round < arguments.rounds(); round++) {
                for (int i = 0; i < cases.size(); i++) {
                    costs.get(i).add(measure(cases.get(i), floor));
                }
            }
        }
        for (int i = 0; i < cases.size(); i++) {
            measured.add(new Measured(entries.get(i), costs.get(i)));
        }
    }

    private double measure(Case one, Wrapper floor) {
        if (arguments.traffic() == Traffic.STEADY && one.recurs()) {
            one.turn();
        }
        long nothing = floor.run(FLOOR_PACKETS);
        floors.add(nothing);
        return (double) (one.measure() - nothing) / nothing;
    }

    private static List<Case> prepare(List<Catalogue.Entry> entries) {
        List<Case> cases = entries.stream().map(entry -> entry.maker().get()).toList();
        for (int turn = 0; turn < SETTLING_TURNS; turn++) {
            Tick.await();
            cases.stream().filter(Case::recurs).forEach(Case::turn);
        }
        return cases;
    }

    private static Frame floorFrame() {
        return Frame.toward(Protocol.TCP, World.vip(Family.IPV4), World.BACKEND4);
    }

    private static BpfProgram nothing() {
        try (BpfObject object = BpfObject.open("pass", Wrapper.object("pass"))) {
            object.load();
            return object.program("loom_pass");
        }
    }
}
