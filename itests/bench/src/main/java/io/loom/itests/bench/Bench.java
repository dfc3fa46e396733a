package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Protocol;
import io.loom.datapath.World;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Measures, prints a table, and writes it as JSON. Needs root and 3 GB of memory; about two minutes. */
public final class Bench {
    private static final int FLOOR_FLOWS = 16_384;
    private static final int FLOOR_PACKETS = 65_536;

    /** Until most connections have a place for good, where more hash to a set than it can hold. */
    private static final int SETTLING_TURNS = 3;

    private final Arguments arguments;
    private final Stages stages;

    private Bench(Arguments arguments, Stages stages) {
        this.arguments = arguments;
        this.stages = stages;
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        try {
            Arguments arguments = Arguments.parse(List.of(words));
            Report report = run(arguments);
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

    private static Report run(Arguments arguments) throws IOException, InterruptedException {
        if (arguments.live()) {
            Live.requireSolitude();
        }
        try (Stages stages = new Stages(arguments.entries())) {
            Bench bench = new Bench(arguments, stages);
            Report report = bench.measure(Catalogue.of(stages, arguments));
            return arguments.live() ? report.withLive(Live.measure(stages)) : report;
        }
    }

    /** Rounds over all cases rather than case after case, so that what disturbs the host disturbs all alike. */
    private Report measure(List<Catalogue.Entry> entries) {
        List<Case> cases = prepare(entries);
        List<Long> floors = new ArrayList<>();
        List<List<Long>> totals = new ArrayList<>();
        cases.forEach(each -> totals.add(new ArrayList<>()));
        try (BpfProgram nothing = nothing();
             Wrapper floor = Wrapper.around(nothing, floorFrame(), Flows.clients(0, FLOOR_FLOWS, Flows.ACK))) {
            for (int round = 0; round < arguments.rounds(); round++) {
                floors.add(floor.run(FLOOR_PACKETS));
                for (int i = 0; i < cases.size(); i++) {
                    totals.get(i).add(cases.get(i).measure());
                }
            }
        }
        long floor = Report.median(floors);
        List<Report.Line> lines = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            lines.add(Report.Line.of(
                    entries.get(i).name(), Report.median(totals.get(i)), floor, entries.get(i).goal(), arguments.shuffled()));
        }
        Stage stage = stages.direct.get();
        return new Report(stage.plane().program().tag(), floor, arguments.shuffled(), lines,
                MemoryUse.of(stage, arguments.entries()), List.of());
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
