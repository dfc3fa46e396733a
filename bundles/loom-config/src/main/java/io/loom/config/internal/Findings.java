package io.loom.config.internal;

import io.loom.api.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects all errors and warnings of one reading of the file, and gives them back in the order of the file. */
public final class Findings {
    /** More errors than anybody reads; the rest of a hopeless file is summed up in one line. */
    private static final int LIMIT = 1000;

    private final List<Finding> errors = new ArrayList<>();
    private final List<Finding> warnings = new ArrayList<>();
    private int dropped;

    private record Finding(Place place, Problem problem) {}

    public void error(Code code, Place place, String what, String why, String fix) {
        if (errors.size() < LIMIT) {
            errors.add(finding(code, place, what, why, fix));
        } else {
            dropped++;
        }
    }

    public void warning(Code code, Place place, String what, String why, String fix) {
        if (warnings.size() < LIMIT) {
            warnings.add(finding(code, place, what, why, fix));
        }
    }

    public boolean hasErrors() {
        return !errors.isEmpty();
    }

    public List<Problem> errors() {
        List<Problem> problems = new ArrayList<>(ordered(errors));
        if (dropped > 0) {
            problems.add(Problem.of(Code.TOO_MANY.text(), dropped + " more problems are not shown", "", "fix these first"));
        }
        return problems;
    }

    public List<Problem> warnings() {
        return ordered(warnings);
    }

    private static Finding finding(Code code, Place place, String what, String why, String fix) {
        return new Finding(place, new Problem(code.text(), place.toString(), what, why, fix));
    }

    private static List<Problem> ordered(List<Finding> findings) {
        return findings.stream().sorted(Comparator.comparing(Finding::place)).map(Finding::problem).toList();
    }
}
