package io.loom.itests.bench;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The command line.
 *
 * @param json     where the report is written to
 * @param only     part of the names of the cases to measure
 * @param rounds   over all cases; the median counts
 * @param packets  of each case in a round
 * @param entries  of each connection table
 * @param shuffled flows are met in random order instead of that in which they were opened
 * @param warm     all flows of a case have their turn before each round, so that none is met after a pause; not what the
 *                 reference was measured by
 * @param live     frames over a veth as well; wants a network namespace without other interfaces
 */
record Arguments(Optional<Path> json, String only, int rounds, int packets, int entries, boolean shuffled, boolean warm, boolean live) {
    static final String USAGE = "usage: Bench [--json FILE] [--only SUBSTRING] [--rounds N] [--packets N] [--entries N]"
            + " [--shuffle] [--warm] [--live]";
    /** 31 times 32,768 packets are one turn of a million flows. */
    static final Arguments DEFAULTS = new Arguments(Optional.empty(), "", 31, 32_768, 1 << 20, false, false, false);

    private static final int LEAST_ENTRIES = 32_768;

    /** @throws IllegalArgumentException with the sentence to print */
    static Arguments parse(List<String> words) {
        Arguments parsed = DEFAULTS;
        for (Iterator<String> rest = words.iterator(); rest.hasNext();) {
            parsed = parsed.with(rest.next(), rest);
        }
        return parsed;
    }

    private Arguments with(String option, Iterator<String> rest) {
        return switch (option) {
            case "--json" -> new Arguments(Optional.of(Path.of(value(rest))), only, rounds, packets, entries, shuffled, warm, live);
            case "--only" -> new Arguments(json, value(rest), rounds, packets, entries, shuffled, warm, live);
            case "--rounds" -> new Arguments(json, only, number(rest, 1), packets, entries, shuffled, warm, live);
            case "--packets" -> new Arguments(json, only, rounds, number(rest, 1), entries, shuffled, warm, live);
            case "--entries" -> new Arguments(json, only, rounds, packets, number(rest, LEAST_ENTRIES), shuffled, warm, live);
            case "--shuffle" -> new Arguments(json, only, rounds, packets, entries, true, warm, live);
            case "--warm" -> new Arguments(json, only, rounds, packets, entries, shuffled, true, live);
            case "--live" -> new Arguments(json, only, rounds, packets, entries, shuffled, warm, true);
            default -> throw new IllegalArgumentException(USAGE);
        };
    }

    private static String value(Iterator<String> rest) {
        if (!rest.hasNext()) {
            throw new IllegalArgumentException(USAGE);
        }
        return rest.next();
    }

    private static int number(Iterator<String> rest, int least) {
        String word = value(rest);
        try {
            int number = Integer.parseInt(word);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException none) {
            throw new IllegalArgumentException("not a number: " + word, none);
        }
        throw new IllegalArgumentException("at least " + least + ", not " + word);
    }
}
