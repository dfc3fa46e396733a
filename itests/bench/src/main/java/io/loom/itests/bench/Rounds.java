package io.loom.itests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Rounds over all cases rather than case after case, and the floor just before each: so that what disturbs the host disturbs all
 * alike, and a processor that is slower for a second is so for both. Every second round goes through them the other way round.
 */
final class Rounds {
    private final LongSupplier floor;
    private final Traffic traffic;
    private final List<Long> floors = new ArrayList<>();
    private boolean backwards;

    /** @param floor measures it: nanoseconds of a packet */
    Rounds(LongSupplier floor, Traffic traffic) {
        this.floor = floor;
        this.traffic = traffic;
    }

    void over(List<Pair> pairs) {
        for (int i = 0; i < pairs.size(); i++) {
            pairs.get(backwards ? pairs.size() - 1 - i : i).measure(this, backwards);
        }
        backwards = !backwards;
    }

    /** Of one round of a sample, in floors. */
    double cost(Sample sample) {
        if (traffic == Traffic.STEADY && sample.recurs()) {
            sample.turn();
        }
        long nothing = floor.getAsLong();
        floors.add(nothing);
        return (double) (sample.measure() - nothing) / nothing;
    }

    /** Nanoseconds of each. */
    List<Long> floors() {
        return floors;
    }
}
