package io.loom.api;

import java.util.List;

/** The one exception family that people see. Carries every problem found, never only the first. */
public class LoomException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    public LoomException(Problem problem) {
        this(List.of(problem), null);
    }

    public LoomException(Problem problem, Throwable cause) {
        this(List.of(problem), cause);
    }

    /** @param problems at least one */
    public LoomException(List<Problem> problems, Throwable cause) {
        super(message(problems), cause);
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }

    /** Code of the first problem, such as {@code LOOM-1203}. */
    public String code() {
        return problems.get(0).code();
    }

    private static String message(List<Problem> problems) {
        if (problems.isEmpty()) {
            throw new IllegalArgumentException("an error needs a problem");
        }
        return String.join(System.lineSeparator(), problems.stream().map(Problem::toString).toList());
    }
}
