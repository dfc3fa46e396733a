package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Protocol;
import io.loom.datapath.Tuning.Connections.Kind;
import io.loom.datapath.World;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Measures, prints a table, and writes it as JSON. Needs root and 3 GB of memory; about two minutes. */
public final class Bench {
    private static final int FLOOR_FLOWS = 16_384;
    private static final int FLOOR_PACKETS = 16_384;

    /** Until most connections have a place for good, where more hash to a set than it can hold. */
    private static final int SETTLING_TURNS = 3;

    private final Arguments arguments;
    private final List<Long> floors = new ArrayList<>();
    /** By name, in the order of the catalogue. */
    private final Map<String, Outcome> outcomes = new LinkedHashMap<>();

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

    Report run() throws IOException, InterruptedException {
        if (arguments.live()) {
            Live.requireSolitude();
        }
        for (int instance = 1; instance < arguments.instances(); instance++) {
            measureTables(stages -> null);
        }
        return measureTables(stages -> new Report(stages.sparse.get().plane().program().tag(), Report.median(floors), arguments.traffic(),
                arguments.instances(), compared(), lines(), MemoryUse.of(stages.sparse.get(), arguments.entries()), live(stages)));
    }

    /** All programs on maps made anew. One kind of table after the other, because the maps of both would take twice the memory. */
    private Report measureTables(Function<Stages, Report> end) {
        try (Stages stages = new Stages(arguments.entries(), Kind.LRU_HASH)) {
            measure(Catalogue.ofLruHash(stages, arguments));
        }
        try (Stages stages = new Stages(arguments.entries(), Kind.CACHE)) {
            measure(Catalogue.ofCache(stages, arguments));
            if (outcomes.isEmpty()) {
                throw new IllegalArgumentException("--only " + arguments.only()
                        + ": no case has that in its name; there are ipip_v4_established_1, pass_v6 and others, as a run without --only prints them");
            }
            return end.apply(stages);
        }
    }

    private List<Report.LiveLine> live(Stages stages) {
        try {
            return arguments.live() ? Live.measure(stages) : List.of();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted at the live frames", stopped);
        }
    }

    /** What Katran's figures are of, with a hash to tell objects apart. */
    private List<String> compared() {
        return arguments.katran().stream().map(Katran::describe).toList();
    }

    private List<Report.Line> lines() {
        long floor = Report.median(floors);
        return outcomes.entrySet().stream().map(each -> each.getValue().line(each.getKey(), floor)).toList();
    }

    /** Prepares Loom's cases and Katran's beside them, measures them in rounds, and keeps the medians. */
    private void measure(List<Catalogue.Entry> entries) {
        try (BpfProgram nothing = nothing();
             Wrapper floor = Wrapper.around(nothing, floorFrame(), Flows.clients(0, FLOOR_FLOWS, Flows.ACK));
             Rivals rivals = new Rivals(arguments)) {
            List<Pair> pairs = entries.stream()
                    .map(entry -> new Pair(entry.maker().get(), entry.rival().flatMap(rivals::sample))).toList();
            settle(pairs);
            Rounds rounds = new Rounds(() -> floor.run(FLOOR_PACKETS), arguments.traffic());
            for (int round = 0; round < arguments.rounds(); round++) {
                rounds.over(pairs);
            }
            floors.addAll(rounds.floors());
            for (int i = 0; i < pairs.size(); i++) {
                Catalogue.Entry entry = entries.get(i);
                outcomes.computeIfAbsent(entry.name(), name -> new Outcome(entry.rival().flatMap(Rival::limit))).add(pairs.get(i));
            }
        }
    }

    private static void settle(List<Pair> pairs) {
        for (int turn = 0; turn < SETTLING_TURNS; turn++) {
            Tick.await();
            pairs.forEach(Pair::turn);
        }
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
