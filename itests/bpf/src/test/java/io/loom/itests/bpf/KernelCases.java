package io.loom.itests.bpf;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the packet tables as the build does, and counts their rows by the object that they are about. */
final class KernelCases implements TestExecutionListener {
    /** Of the rows of one object. */
    record Count(int passed, int all) {
        Count and(boolean pass) {
            return new Count(passed + (pass ? 1 : 0), all + 1);
        }

        @Override
        public String toString() {
            return all == 0 ? "" : passed + "/" + all;
        }
    }

    /** What the tables' rows are in JUnit. */
    private static final String DYNAMIC = "[dynamic-test:";
    static final Count NONE = new Count(0, 0);

    private final Map<String, Count> counts = new HashMap<>();
    private final List<String> failures = new ArrayList<>();
    private final String core;

    private KernelCases(String core) {
        this.core = core;
    }

    /** @param core object whose rows these are; they count for the methods in them as well */
    static KernelCases run(String core, Class<?> table) {
        KernelCases cases = new KernelCases(core);
        LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request().selectors(selectClass(table)).build(), cases);
        return cases;
    }

    /** What is no row (a table that cannot be read, one that has shrunk) counts as a failure alone. */
    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        boolean passed = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
        if (test.getUniqueId().contains(DYNAMIC)) {
            counts.merge(core, NONE.and(passed), (before, one) -> before.and(passed));
            String method = test.getDisplayName().split(" ")[0];
            counts.merge(method, NONE.and(passed), (before, one) -> before.and(passed));
        }
        if (!passed) {
            failures.add(core + ": " + test.getDisplayName() + ": " + result.getThrowable()
                    .map(failure -> failure.toString().lines().findFirst().orElse("")).orElse("aborted"));
        }
    }

    Count count(String object) {
        return counts.getOrDefault(object, NONE);
    }

    List<String> failures() {
        return failures;
    }
}
