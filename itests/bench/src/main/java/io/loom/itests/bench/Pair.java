package io.loom.itests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A case and what Katran does for the same packets, with what both have cost in each round: in floors, the floor itself not included. */
final class Pair {
    private final Sample loom;
    private final Optional<Sample> katran;
    private final List<Double> loomCosts = new ArrayList<>();
    private final List<Double> katranCosts = new ArrayList<>();

    Pair(Sample loom, Optional<Sample> katran) {
        this.loom = loom;
        this.katran = katran;
    }

    void turn() {
        turn(loom);
        katran.ifPresent(Pair::turn);
    }

    private static void turn(Sample sample) {
        if (sample.recurs()) {
            sample.turn();
        }
    }

    /** @param katranFirst in which order: what one leaves in the caches the other meets */
    void measure(Rounds rounds, boolean katranFirst) {
        if (katranFirst) {
            katran.ifPresent(sample -> katranCosts.add(rounds.cost(sample)));
        }
        loomCosts.add(rounds.cost(loom));
        if (!katranFirst) {
            katran.ifPresent(sample -> katranCosts.add(rounds.cost(sample)));
        }
    }

    /** Of all rounds but the first, in which much is met for the first time. */
    double loom() {
        return median(loomCosts);
    }

    Optional<Double> katran() {
        return katran.map(sample -> median(katranCosts));
    }

    private static double median(List<Double> costs) {
        return Report.median(costs.size() > 1 ? costs.subList(1, costs.size()) : costs);
    }
}
