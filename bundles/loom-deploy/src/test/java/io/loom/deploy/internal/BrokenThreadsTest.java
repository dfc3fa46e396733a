package io.loom.deploy.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Vital;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who cannot go on ends the process; whose failure is nobody else's does not. */
class BrokenThreadsTest {
    private final List<Integer> ends = new ArrayList<>();
    private final BrokenThreads threads = new BrokenThreads(ends::add);
    private final PrintStream standard = System.err;
    private final ByteArrayOutputStream told = new ByteArrayOutputStream();

    @BeforeEach
    void listen() {
        System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setErr(standard);
    }

    private void dies(String name, RuntimeException failure, Error error) throws InterruptedException {
        Thread thread = new Thread(() -> {
            if (error != null) {
                throw error;
            }
            throw failure;
        }, name);
        thread.setUncaughtExceptionHandler(threads);
        thread.start();
        thread.join();
    }

    @Test
    void aThreadOfLoomWithoutMemoryEndsTheProcessAndSaysWhoWasAtWork() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        Thread plugin = new Thread(() -> {
            try {
                over.await();
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
        }, "loom-plugin builds a table of vip web");
        plugin.start();
        dies("loom-writer", null, new OutOfMemoryError("Java heap space"));
        over.countDown();
        plugin.join();
        assertEquals(List.of(70), ends);
        String line = told.toString(StandardCharsets.UTF_8);
        assertTrue(line.startsWith("loomd: LOOM-5108 thread loom-writer cannot go on: java.lang.OutOfMemoryError: Java heap space; "
                + "plugins at work: builds a table of vip web; "), line);
        assertEquals(1, line.lines().count());
    }

    @Test
    void othersFailuresAndOtherPeoplesThreadsDoNot() throws Exception {
        dies("loom-writer", new IllegalStateException("a mistake"), null);
        dies("loom-writer", null, new LinkageError("a bundle has gone"));
        dies("theirs", null, new OutOfMemoryError("Java heap space"));
        assertEquals(List.of(), ends);
    }

    @Test
    void workOfAnExecutorIsNoHidingPlace() throws Exception {
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "loom-watch");
            thread.setUncaughtExceptionHandler(threads);
            return thread;
        });
        try {
            assertThrows(ExecutionException.class, () -> executor.submit(Vital.work(() -> {
                throw new IllegalStateException("a mistake");
            })).get());
            assertEquals(List.of(), ends);
            assertThrows(ExecutionException.class, () -> executor.submit(Vital.work(() -> {
                throw new OutOfMemoryError("Java heap space");
            })).get());
            assertEquals(List.of(70), ends);
        } finally {
            executor.shutdownNow();
        }
    }
}
