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
 * @param traffic  how flows are met
 * @param live     frames over a veth as well; wants a network namespace without other interfaces
 */
record Arguments(Optional<Path> json, String only, int rounds, int packets, int entries, Traffic traffic, boolean live) {
    static final String USAGE = "usage: Bench [--json FILE] [--only SUBSTRING] [--rounds N] [--packets N] [--entries N]"
            + " [--traffic " + Traffic.words() + "] [--live]";
    /** 31 times 32,768 packets are one turn of a million flows. */
    static final Arguments DEFAULTS = new Arguments(Optional.empty(), "", 31, 32_768, 1 << 20, Traffic.STEADY, false);

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
            case "--json" -> new Arguments(Optional.of(Path.of(value(rest))), only, rounds, packets, entries, traffic, live);
            case "--only" -> new Arguments(json, value(rest), rounds, packets, entries, traffic, live);
            case "--rounds" -> new Arguments(json, only, number(rest, 1), packets, entries, traffic, live);
            case "--packets" -> new Arguments(json, only, rounds, number(rest, 1), entries, traffic, live);
            case "--entries" -> new Arguments(json, only, rounds, packets, number(rest, LEAST_ENTRIES), traffic, live);
            case "--traffic" -> new Arguments(json, only, rounds, packets, entries, Traffic.parse(value(rest)), live);
            case "--live" -> new Arguments(json, only, rounds, packets, entries, traffic, true);
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
