package io.loom.itests.bench;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
 * @param katran   objects of Katran to measure beside, one for each kind of outer headers
 * @param wanted   instances, if it is said how many
 */
record Arguments(
        Optional<Path> json, String only, int rounds, int packets, int entries, Traffic traffic, boolean live, List<Path> katran,
        Optional<Integer> wanted) {
    static final String USAGE = "usage: Bench [--json FILE] [--only SUBSTRING] [--rounds N] [--packets N] [--entries N]"
            + " [--traffic " + Traffic.words() + "] [--live] [--katran FILE]... [--instances N]";
    /** 31 times 32,768 packets are one turn of a million flows. */
    static final Arguments DEFAULTS = new Arguments(Optional.empty(), "", 31, 32_768, 1 << 20, Traffic.STEADY, false, List.of(), Optional.empty());

    static final int LEAST_ENTRIES = 32_768;
    /** Equal programs differ by 15 % in where their maps lie: one instance says little of a comparison. */
    private static final int COMPARED_INSTANCES = 3;

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
            case "--json" -> new Arguments(Optional.of(Path.of(value(rest))), only, rounds, packets, entries, traffic, live, katran, wanted);
            case "--only" -> new Arguments(json, value(rest), rounds, packets, entries, traffic, live, katran, wanted);
            case "--rounds" -> new Arguments(json, only, number(rest, 1), packets, entries, traffic, live, katran, wanted);
            case "--packets" -> new Arguments(json, only, rounds, number(rest, 1), entries, traffic, live, katran, wanted);
            case "--entries" -> new Arguments(json, only, rounds, packets, number(rest, LEAST_ENTRIES), traffic, live, katran, wanted);
            case "--traffic" -> new Arguments(json, only, rounds, packets, entries, Traffic.parse(value(rest)), live, katran, wanted);
            case "--live" -> new Arguments(json, only, rounds, packets, entries, traffic, true, katran, wanted);
            case "--katran" -> new Arguments(
                    json, only, rounds, packets, entries, traffic, live, and(katran, Path.of(value(rest))), wanted);
            case "--instances" -> new Arguments(
                    json, only, rounds, packets, entries, traffic, live, katran, Optional.of(number(rest, 1)));
            default -> throw new IllegalArgumentException(USAGE);
        };
    }

    private static List<Path> and(List<Path> files, Path one) {
        return Stream.concat(files.stream(), Stream.of(one)).toList();
    }

    /** How often everything is made anew and measured. */
    int instances() {
        return wanted.orElse(katran.isEmpty() ? 1 : COMPARED_INSTANCES);
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
