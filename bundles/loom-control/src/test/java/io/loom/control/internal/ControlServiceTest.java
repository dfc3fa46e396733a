package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.endpoint;
import static io.loom.control.internal.Fixtures.key;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.ConfigSource;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.BackendView;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.NewBackend;
import io.loom.api.control.ProblemSource;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.KernelState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With the real writer thread and many callers. */
@Timeout(60)
class ControlServiceTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private final FakeSource source = new FakeSource();
    private ControlService control;

    private static final class FakeSource implements ConfigSource {
        private static final Listener NOBODY = config -> {};
        private volatile Listener listener = NOBODY;

        @Override
        public Optional<LoomConfig> current() {
            return Optional.empty();
        }

        @Override
        public List<Problem> rejected() {
            return List.of();
        }

        @Override
        public String location() {
            return "loom.yaml";
        }

        @Override
        public AutoCloseable subscribe(Listener next) {
            listener = next;
            return () -> listener = NOBODY;
        }
    }

    @BeforeEach
    void start() throws InterruptedException {
        control = new ControlService(source, plane, data, Set::of, System::nanoTime);
        source.listener.accept(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        await(() -> control.status().ready());
    }

    @AfterEach
    void stop() {
        control.close();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited too long");
            Thread.sleep(2);
        }
    }

    @Test
    void anAnswerMeansThatItIsInTheKernelAndOnTheDisk() {
        BackendView added = control.addBackend("", new NewBackend(endpoint("10.0.0.3"), 40));
        assertEquals(3, added.id());
        assertEquals(State.UP, added.state());
        assertTrue(plane.applied().tables().get(Bench.webTable()).weights().containsKey(key("10.0.0.3", "nat")));
        assertEquals(40, new RuntimeStore(data, new Disk.OfFiles()).load().state().added().get(Fixtures.ref("10.0.0.3")));
        assertEquals(50, control.changeBackend(1, OptionalInt.of(50)).weight());
        control.removeBackend(3);
        assertEquals("LOOM-3404", assertThrows(LoomException.class, () -> control.backend(3)).code());
        assertFalse(plane.applied().tables().get(Bench.webTable()).weights().containsKey(key("10.0.0.3", "nat")));
    }

    @Test
    void addingWaitsALittleForTheNextHop() throws Exception {
        plane.unknownHops.add(key("10.0.0.3", "nat"));
        Thread neighbour = new Thread(() -> {
            while (!plane.resolving.contains(key("10.0.0.3", "nat"))) {
                Thread.onSpinWait();
            }
            plane.unknownHops.clear();
            plane.changed();
        });
        neighbour.start();
        assertEquals(State.UP, control.addBackend("", new NewBackend(endpoint("10.0.0.3"), 1)).state());
        neighbour.join();
        plane.unknownHops.add(key("10.0.0.4", "nat"));
        assertEquals(State.RESOLVING, control.addBackend("", new NewBackend(endpoint("10.0.0.4"), 1)).state());
    }

    @Test
    void manyCallersAtOnceGetDistinctIdsAndOneWriterWrites() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(8);
        Set<Integer> ids = ConcurrentHashMap.newKeySet();
        List<Future<?>> calls = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            String address = "10.0.1." + (i + 1);
            calls.add(callers.submit(() -> {
                int id = control.addBackend("default", new NewBackend(endpoint(address), 10)).id();
                ids.add(id);
                control.changeBackend(id, OptionalInt.of(20));
                assertEquals(20, plane.applied().tables().get(Bench.webTable()).weights().get(key(address, "nat")));
                if (id % 2 == 0) {
                    control.removeBackend(id);
                }
            }));
        }
        for (Future<?> call : calls) {
            call.get();
        }
        callers.shutdown();
        assertEquals(64, ids.size());
        assertEquals(34, control.backends().size());
        assertEquals(1, plane.writers().size());
        Set<Integer> durable = new HashSet<>(new RuntimeStore(data, new Disk.OfFiles()).load().state().ids().values());
        assertEquals(34, durable.size());
    }

    @Test
    void ofTwoCallersWithOneAddressOneIsRefused() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(2);
        for (int round = 0; round < 20; round++) {
            NewBackend same = new NewBackend(endpoint("10.0.2." + (round + 1)), 10);
            Future<String> one = callers.submit(() -> outcome(same));
            Future<String> two = callers.submit(() -> outcome(same));
            assertEquals(Set.of("made", "LOOM-3409"), Set.of(one.get(), two.get()));
        }
        callers.shutdown();
    }

    private String outcome(NewBackend backend) {
        try {
            control.addBackend("", backend);
            return "made";
        } catch (LoomException refused) {
            return refused.code();
        }
    }

    @Test
    void stoppingLeavesTheKernelAloneAndRefusesChanges() {
        KernelState before = plane.applied();
        Runnable told = plane.listener;
        control.close();
        assertEquals(before, plane.applied());
        assertSame(FakeSource.NOBODY, source.listener);
        assertNotSame(told, plane.listener);
        assertEquals("LOOM-3505", assertThrows(LoomException.class, () -> control.removeBackend(1)).code());
    }

    @Test
    void problemsOfOthersAreInTheStatusWhileTheyLast() {
        List<Problem> found = new java.util.concurrent.CopyOnWriteArrayList<>();
        ProblemSource other = () -> List.copyOf(found);
        control.bindProblems(other);
        assertEquals(List.of(), control.status().warnings());
        Problem taken = Problem.of("LOOM-3521", "cannot listen", "", "");
        found.add(taken);
        assertEquals(List.of(taken), control.status().warnings());
        found.clear();
        assertEquals(List.of(), control.status().warnings());
        found.add(taken);
        control.unbindProblems(other);
        assertEquals(List.of(), control.status().warnings());
    }

    @Test
    void whatTheKernelRefusedIsTriedAgainByItself() throws InterruptedException {
        plane.refused = Change.PutListener.class::isInstance;
        source.listener.accept(Fixtures.config(List.of(Fixtures.vip("nat"), new Vip("two", List.of(Fixtures.address("10.9.0.2")), false,
                Fixtures.vip("nat").services(), "maglev", 7, "nat", "default", true, Vip.Connections.DEFAULT)),
                Fixtures.upstream("default", server("10.0.0.1"), server("10.0.0.2"))));
        await(() -> control.status().warnings().stream().anyMatch(problem -> problem.code().equals("LOOM-3506")));
        plane.refused = change -> false;
        await(() -> plane.applied().listeners().size() == 2);
        await(() -> control.status().warnings().isEmpty());
    }

    /** Does it while changes come one after the other, each of which has the writer at work before anything else is due. */
    private void underChanges(Runnable change, Underneath work) throws InterruptedException {
        AtomicInteger count = new AtomicInteger();
        AtomicBoolean ended = new AtomicBoolean();
        Thread caller = new Thread(() -> {
            while (!ended.get()) {
                try {
                    count.incrementAndGet();
                    change.run();
                } catch (LoomException refused) {
                    Thread.onSpinWait();
                }
            }
        });
        caller.start();
        try {
            await(() -> count.get() > 100);
            work.run();
        } finally {
            ended.set(true);
            caller.join();
        }
    }

    private interface Underneath {
        void run() throws InterruptedException;
    }

    private boolean warnsOf(String code) {
        return control.status().warnings().stream().anyMatch(problem -> problem.code().equals(code));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 77})
    void aFileThatWasRefusedIsTriedAgainWhileChangesAreMadeOrRefused(int id) throws InterruptedException {
        AtomicInteger weight = new AtomicInteger();
        underChanges(() -> control.changeBackend(id, OptionalInt.of(weight.incrementAndGet() % 100)), () -> {
            plane.refusesConfiguration = true;
            source.listener.accept(web("nat", server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3")));
            await(() -> warnsOf("LOOM-1999"));
            plane.refusesConfiguration = false;
            await(() -> control.backends().size() == 3);
        });
    }

    @Test
    void whatTheKernelRefusedIsTriedAgainWhileChangesAreRefused() throws InterruptedException {
        underChanges(() -> control.removeBackend(77), () -> {
            plane.refused = Change.PutTable.class::isInstance;
            source.listener.accept(web("nat", server("10.0.0.1")));
            await(() -> warnsOf("LOOM-3506"));
            plane.refused = change -> false;
            await(() -> control.status().warnings().isEmpty());
        });
    }

    /** Such as health results, and tables that algorithms have made. */
    @Test
    void whatIsReportedIsSeenWhileChangesAreRefused() throws InterruptedException {
        underChanges(() -> control.removeBackend(77), () -> {
            plane.problems = List.of(Problem.of("LOOM-1295", "nearly full", "why", "fix"));
            plane.changed();
            await(() -> control.status().warnings().equals(plane.problems));
        });
    }

    /** Without a file no round comes by itself, so whoever is not told waits for ever. */
    @Test
    void whatHappensBeforeThereIsAFileIsSeenWhenItHappens() throws Exception {
        control.close();
        FakeDataPlane early = new FakeDataPlane();
        try (ControlService waiting = new ControlService(source, early, data, Set::of, System::nanoTime)) {
            await(ControlServiceTest::writerWaits);
            early.problems = List.of(Problem.of("LOOM-1295", "nearly full", "why", "fix"));
            early.changed();
            await(() -> waiting.status().warnings().equals(early.problems));
            await(ControlServiceTest::writerWaits);
            source.listener.accept(web("nat", server("10.0.0.1")));
            await(() -> waiting.status().ready());
        }
    }

    /** It keeps no process alive. */
    private static boolean writerWaits() {
        return Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().equals("loom-writer")
                && thread.isDaemon() && thread.getState() == Thread.State.WAITING);
    }

    @Test
    void whoWaitsWhenItStopsIsRefusedAtOnceAndTheRoundUnderWayEnds() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        plane.beforeApply = () -> {
            begun.countDown();
            awaitQuietly(release);
        };
        ExecutorService callers = Executors.newFixedThreadPool(2);
        Future<Integer> underWay = callers.submit(() -> control.changeBackend(1, OptionalInt.of(5)).weight());
        assertTrue(begun.await(10, TimeUnit.SECONDS));
        Future<Integer> waiting = callers.submit(() -> control.changeBackend(2, OptionalInt.of(6)).weight());
        Thread closer = new Thread(control::close);
        await(() -> Thread.getAllStackTraces().entrySet().stream().filter(entry -> entry.getKey().getName().startsWith("pool-")
                && Stream.of(entry.getValue()).anyMatch(frame -> frame.getMethodName().equals("changeBackend"))).count() == 2);
        Thread.sleep(50);
        closer.start();
        ExecutionException refused = assertThrows(ExecutionException.class, () -> waiting.get(2, TimeUnit.SECONDS));
        assertEquals("LOOM-3505", ((LoomException) refused.getCause()).code());
        closer.join(200);
        assertTrue(closer.isAlive(), "it waits for the round");
        release.countDown();
        closer.join(10_000);
        assertEquals(5, underWay.get(10, TimeUnit.SECONDS));
        callers.shutdown();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void theWriterEndsAlsoWhenItHasNothingToDo() throws Exception {
        control.close();
        ControlService idle = new ControlService(source, new FakeDataPlane(), data, Set::of, System::nanoTime);
        await(ControlServiceTest::writerWaits);
        idle.close();
        assertTrue(Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("loom-writer")));
    }
}
