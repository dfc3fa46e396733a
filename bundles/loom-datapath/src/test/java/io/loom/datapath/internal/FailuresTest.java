package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Problem;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class FailuresTest {
    private final AtomicInteger told = new AtomicInteger();
    private final Failures failures = new Failures(told::incrementAndGet);
    private final AtomicReference<String> reason = new AtomicReference<>("");
    private final Runnable work = failures.guarded(() -> {
        if (!reason.get().isEmpty()) {
            throw new IllegalStateException(reason.get());
        }
    });

    private List<String> whys() {
        assertEquals(List.of(), failures.problems().stream().map(Problem::code).filter(code -> !code.equals("LOOM-1282")).toList());
        return failures.problems().stream().map(Problem::why).toList();
    }

    @Test
    void whatFailsIsAProblemUntilItSucceedsAndEachChangeIsTold() {
        work.run();
        assertEquals(0, told.get());
        reason.set("no device");
        work.run();
        work.run();
        assertEquals(List.of("java.lang.IllegalStateException: no device"), whys());
        assertEquals(1, told.get());
        reason.set("no memory");
        work.run();
        assertEquals(List.of("java.lang.IllegalStateException: no memory"), whys());
        assertEquals(2, told.get());
        reason.set("");
        work.run();
        work.run();
        assertEquals(List.of(), whys());
        assertEquals(3, told.get());
    }

    @Test
    void threadsAreToldApart() throws InterruptedException {
        reason.set("no device");
        work.run();
        Thread other = new Thread(work, "another");
        other.start();
        other.join();
        assertEquals(2, failures.problems().size());
        reason.set("");
        work.run();
        assertEquals(List.of("unexpected failure in another"), failures.problems().stream().map(Problem::what).toList());
    }

    /** The thread is being ended: what its work says then is of no interest. */
    @Test
    void whatFailsOnAThreadThatIsInterruptedIsNone() {
        reason.set("no device");
        Thread.currentThread().interrupt();
        work.run();
        assertEquals(true, Thread.interrupted());
        assertEquals(List.of(), failures.problems());
    }
}
