package io.loom.itests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a case and Katran have cost in each instance, in floors. */
final class Outcome {
    private final Optional<Double> limit;
    private final List<Double> loom = new ArrayList<>();
    private final List<Double> katran = new ArrayList<>();
    private final List<Double> ratios = new ArrayList<>();

    Outcome(Optional<Double> limit) {
        this.limit = limit;
    }

    void add(Pair pair) {
        loom.add(pair.loom());
        pair.katran().ifPresent(cost -> {
            katran.add(cost);
            ratios.add(pair.loom() / cost);
        });
    }

    Report.Line line(String name, long floor) {
        long net = Math.round(Report.median(loom) * floor);
        return new Report.Line(name, net + floor, net, ratios.isEmpty() ? Optional.empty() : Optional.of(new Report.Beside(
                Math.round(Report.median(katran) * floor), Report.median(ratios), ratios.stream().min(Double::compare).orElseThrow(),
                ratios.stream().max(Double::compare).orElseThrow(), limit)));
    }
}
