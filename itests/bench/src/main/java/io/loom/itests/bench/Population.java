package io.loom.itests.bench;

import io.loom.itests.bench.Reference.Figure;
import java.util.Arrays;
import java.util.List;

/** How many flows take turns. */
enum Population {
    ONE("1", 1, Figure.ESTABLISHED_1),
    THOUSANDS("16k", 16_384, Figure.ESTABLISHED_16K),
    MANY("128k", 131_072, Figure.ESTABLISHED_128K),
    MILLION("1M", 1_000_000, Figure.ESTABLISHED_1M);

    /** A cache with connections for each of its entries has sets with too many: these leave one entry in 25 alone. */
    private static final int SPARED_PART = 25;

    final String label;
    final int flows;
    /** Established connections of so many flows. */
    final Figure figure;

    Population(String label, int flows, Figure figure) {
        this.label = label;
        this.flows = flows;
        this.figure = figure;
    }

    /** Those that a table of so many entries has room for, the largest last. */
    static List<Population> fitting(int entries) {
        return Arrays.stream(values()).filter(population -> population.flows <= entries - entries / SPARED_PART).toList();
    }
}
