package io.loom.itests.lab;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** One lab and one appliance for the tests of a class. A failure prints the tail of loomd's log. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(LabTest.LogOfFailure.class)
abstract class LabTest {
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);

    private final String purpose;
    protected Lab lab;
    protected Loomd loomd;
    protected Rest rest;
    protected Pins pins;

    /** @param purpose part of the lab's name: lower-case letters, at most 10 */
    LabTest(String purpose) {
        this.purpose = purpose;
    }

    @BeforeAll
    final void raise() {
        lab = Lab.up(purpose);
        loomd = new Loomd(lab);
        rest = new Rest(lab);
        pins = new Pins(lab);
    }

    @AfterAll
    final void remove() {
        if (lab != null) {
            lab.close();
        }
    }

    /** Starts the appliance, and whatever the lab's hosts can serve, and waits until every vip is well. */
    final void startWith(String configuration) {
        lab.serveAll();
        loomd.configure(configuration);
        loomd.start();
        Await.until("every vip is well", READY_LIMIT, () -> rest.allVips(vip -> vip.path("degraded").isEmpty()), rest::vips);
    }

    /** What a test measured, for whoever reads the output. */
    final void tell(String format, Object... values) {
        System.out.println("  [" + getClass().getSimpleName() + "] " + String.format(format, values));
    }

    static final class LogOfFailure implements TestExecutionExceptionHandler {
        @Override
        public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
            context.getTestInstance().map(LabTest.class::cast).filter(test -> test.loomd != null)
                    .ifPresent(test -> System.out.println("loomd's log ends:\n" + test.loomd.logTail()));
            throw failure;
        }
    }
}
