package io.loom.itests.bench;

import java.util.Arrays;
import java.util.List;

/** How many flows take turns. */
enum Population {
    ONE("1", 1, Rival.Kind.ESTABLISHED_1),
    THOUSANDS("16k", 16_384, Rival.Kind.ESTABLISHED_16K),
    MANY("128k", 131_072, Rival.Kind.ESTABLISHED_128K),
    MILLION("1M", 1_000_000, Rival.Kind.ESTABLISHED_1M);

    /** A cache with connections for each of its entries has sets with too many: these leave one entry in 25 alone. */
    private static final int SPARED_PART = 25;

    final String label;
    final int flows;
    /** The same of Katran. */
    final Rival.Kind rival;

    Population(String label, int flows, Rival.Kind rival) {
        this.label = label;
        this.flows = flows;
        this.rival = rival;
    }

    /** Those that a table of so many entries has room for, the largest last. */
    static List<Population> fitting(int entries) {
        return Arrays.stream(values()).filter(population -> population.flows <= entries - entries / SPARED_PART).toList();
    }
}
