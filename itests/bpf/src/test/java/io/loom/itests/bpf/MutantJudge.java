package io.loom.itests.bpf;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.loom.api.LoomException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Judges mutants of the BPF objects, any number in one warm JVM; bpf-objects/test/mutation.py starts it with a directory at
 * the head of the class path in which it puts a mutant's objects, so that bundles and tests read those instead of their own.
 * Each line of standard input names test classes of this package; the answer is one line, "survived" or the first failure:
 * "killed" if a test says what is wrong or the verifier refuses the program, "unsure" if it may be this JVM that is out of order.
 */
final class MutantJudge {
    private static final String REFUSED = "LOOM-1005"; // by the verifier

    private final Launcher launcher = LauncherFactory.create();

    private MutantJudge() {}

    public static void main(String[] none) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err); // what tests print is no answer
        MutantJudge judge = new MutantJudge();
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String tests = questions.readLine(); tests != null; tests = questions.readLine()) {
            answers.println(judge.judge(tests.split(" ")));
            answers.flush();
        }
    }

    private String judge(String[] tests) {
        for (String test : tests) {
            Listener listener = new Listener();
            launcher.execute(request(test), listener);
            if (listener.failure.isPresent()) {
                return (listener.certain ? "killed " : "unsure ") + test + ": " + listener.failure.get();
            }
            if (!listener.ran) {
                return "error " + test + " has no tests";
            }
        }
        return "survived";
    }

    private static LauncherDiscoveryRequest request(String test) {
        return LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(MutantJudge.class.getPackageName() + "." + test))
                .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
                .build();
    }

    private static final class Listener implements TestExecutionListener {
        private Optional<String> failure = Optional.empty();
        private boolean certain;
        private boolean ran;

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            ran |= test.isTest();
            if (failure.isEmpty() && result.getStatus() == TestExecutionResult.Status.FAILED) {
                String reason = result.getThrowable().map(Throwable::toString).orElse("without a reason");
                certain = result.getThrowable().filter(Listener::isOfTheMutant).isPresent();
                failure = Optional.of(test.getDisplayName() + ": " + reason.lines().findFirst().orElse(""));
            }
        }

        private static boolean isOfTheMutant(Throwable failure) {
            return failure instanceof AssertionError || failure instanceof LoomException refusal && refusal.code().equals(REFUSED);
        }
    }
}
