package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import io.loom.control.dataplane.TableKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Algorithms are anybody's code: what they do is a matter of the table that they were asked for, and of nobody's time. */
class TableBuildsTest {
    private static final BackendSet ONE = new BackendSet(List.of(new BackendSet.Member(TestHost.FIRST, 1)));
    private static final BackendSet TWO = new BackendSet(
            List.of(new BackendSet.Member(TestHost.FIRST, 1), new BackendSet.Member(TestHost.SECOND, 1)));
    private static final Duration PATIENCE = Duration.ofMillis(300);
    /** Nothing good ever takes so long. */
    private static final Duration LONG = Duration.ofMinutes(1);

    private final Map<String, Algorithm> deployed = new HashMap<>();
    private final AtomicInteger told = new AtomicInteger();
    private final AtomicBoolean released = new AtomicBoolean();
    private TableBuilds builds = builds(PATIENCE, Duration.ofMillis(600));

    private TableBuilds builds(Duration patience, Duration deadline) {
        return new TableBuilds(new TableBuilds.Times(patience, deadline, Duration.ofMillis(50), Duration.ofSeconds(1)),
                name -> Optional.ofNullable(deployed.get(name)), told::incrementAndGet);
    }

    @AfterEach
    void release() {
        released.set(true);
        builds.close();
    }

    private interface Code {
        LookupTable build(BackendSet backends);
    }

    private void deploy(String name, Code code) {
        deployed.put(name, new Algorithm() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public LookupTable build(BackendSet backends, int size) {
                return code.build(backends);
            }
        });
    }

    private static LookupTable good(BackendSet backends) {
        return new LookupTable(LookupTable.Index.FLOW_HASH, new int[3]);
    }

    /** Does not care for interrupts, as a loop of arithmetic does not. */
    private LookupTable hang() {
        while (!released.get()) {
            Thread.onSpinWait();
        }
        return good(TWO);
    }

    private TableBuilds.Answer ask(String vip, String algorithm, BackendSet backends) {
        return builds.ask(List.of(new TableKey(vip, Family.IPV4)), algorithm, backends, 3).orElseThrow();
    }

    private String why(String vip, String algorithm, BackendSet backends) {
        return ask(vip, algorithm, backends) instanceof TableBuilds.NotBuilt not ? not.problem().why() : "built";
    }

    private void awaitWhy(String part, String vip, String algorithm, BackendSet backends) throws Exception {
        TestHost.await(part + " of " + vip, () -> why(vip, algorithm, backends).contains(part));
    }

    @Test
    void aTableIsThereAtOnce() {
        builds = builds(LONG, LONG);
        deploy("theirs", TableBuildsTest::good);
        assertTrue(ask("web", "theirs", TWO) instanceof TableBuilds.Built built
                && built.table().index() == LookupTable.Index.FLOW_HASH);
        assertEquals(0, told.get());
    }

    @Test
    void whatIsThrownIsSaidWhateverItIs() throws Exception {
        builds = builds(LONG, LONG);
        List<Throwable> all = List.of(new IllegalStateException("not today"), new NoClassDefFoundError("theirs/Missing"),
                new StackOverflowError("deep"), new OutOfMemoryError("much"), new AssertionError("wrong"), new ThreadDeath());
        for (Throwable one : all) {
            deploy("theirs", backends -> TableBuildsTest.<RuntimeException>thrown(one));
            TableBuilds.Answer answer = ask(one.getClass().getName(), "theirs", TWO);
            assertTrue(answer instanceof TableBuilds.NotBuilt not && !not.pending()
                    && not.problem().code().equals("LOOM-4112") && not.problem().why().contains(one.toString()), answer.toString());
        }
    }

    /** Thousands of vips may have one table. */
    @Test
    void whoseTableItIsIsSaidOfAllOrOfTheFirstThree() {
        builds = builds(LONG, LONG);
        deploy("theirs", backends -> TableBuildsTest.<RuntimeException>thrown(new IllegalStateException("not today")));
        assertEquals("algorithm theirs cannot build the table of vip a for IPv4", what("a"));
        assertEquals("algorithm theirs cannot build the table of vips a, b, c for IPv4", what("a", "b", "c"));
        assertEquals("algorithm theirs cannot build the table of vips a, b, c and 2 more for IPv4", what("a", "b", "c", "d", "e"));
    }

    private String what(String... vips) {
        List<TableKey> keys = Stream.of(vips).map(vip -> new TableKey(vip, Family.IPV4)).toList();
        return ((TableBuilds.NotBuilt) builds.ask(keys, "theirs", TWO, 3).orElseThrow()).problem().what();
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> LookupTable thrown(Throwable any) throws T {
        throw (T) any;
    }

    @Test
    void anExceptionThatCannotEvenBeReadIsNamed() {
        builds = builds(LONG, LONG);
        deploy("theirs", backends -> {
            throw new IllegalStateException() {
                private static final long serialVersionUID = 1L;

                @Override
                public String toString() {
                    throw new IllegalStateException("and again");
                }
            };
        });
        assertTrue(why("web", "theirs", TWO).contains(getClass().getName()));
    }

    @Test
    void oneThatHangsIsWaitedForOnceAndThenNoMore() throws Exception {
        deploy("theirs", backends -> hang());
        long began = System.nanoTime();
        assertTrue(ask("web", "theirs", TWO) instanceof TableBuilds.NotBuilt not && not.pending());
        assertTrue(System.nanoTime() - began >= PATIENCE.toNanos());
        TestHost.await("the deadline", () -> told.get() > 0);
        began = System.nanoTime();
        for (int i = 0; i < 50; i++) {
            assertTrue(ask("web", "theirs", TWO) instanceof TableBuilds.NotBuilt not && !not.pending()
                    && not.problem().why().contains("longer than 600 ms"));
        }
        assertTrue(System.nanoTime() - began < 50 * PATIENCE.toNanos() / 2, "it is not waited for again");
        released.set(true);
        deploy("theirs", TableBuildsTest::good);
        TestHost.await("a table of another version", () -> ask("web", "theirs", TWO) instanceof TableBuilds.Built);
    }

    @Test
    void otherTablesOfTheSameAlgorithmAreBuiltBesideOneThatHangs() throws Exception {
        deploy("theirs", backends -> backends.size() == 2 ? hang() : good(backends));
        ask("web", "theirs", TWO);
        TestHost.await("shop's table", () -> ask("shop", "theirs", ONE) instanceof TableBuilds.Built);
        awaitWhy("longer than 600 ms", "web", "theirs", TWO);
        TestHost.await("web's table of another set", () -> ask("web", "theirs", ONE) instanceof TableBuilds.Built);
    }

    @Test
    void noMoreThanTwoThreadsOfOneAlgorithmAreLeftHanging() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        deploy("theirs", backends -> {
            asked.incrementAndGet();
            return hang();
        });
        deploy("other", TableBuildsTest::good);
        for (String vip : List.of("a", "b")) {
            ask(vip, "theirs", TWO);
            awaitWhy("longer than", vip, "theirs", TWO);
        }
        assertTrue(why("c", "theirs", TWO).contains("2 builds of it hang"));
        assertTrue(why("a", "theirs", ONE).contains("2 builds of it hang"));
        assertEquals(2, asked.get());
        TestHost.await("a table of another algorithm", () -> ask("c", "other", TWO) instanceof TableBuilds.Built);
        int before = told.get();
        released.set(true);
        TestHost.await("news of their end", () -> told.get() > before);
        TestHost.await("the table", () -> ask("c", "theirs", TWO) instanceof TableBuilds.Built);
    }

    @Test
    void oneThatIsSlowIsToldWhenItHasEnded() throws Exception {
        builds = builds(PATIENCE, LONG);
        deploy("theirs", backends -> hang());
        assertTrue(ask("web", "theirs", TWO) instanceof TableBuilds.NotBuilt not && not.pending());
        assertEquals(0, told.get());
        released.set(true);
        TestHost.await("news", () -> told.get() > 0);
        assertTrue(ask("web", "theirs", TWO) instanceof TableBuilds.Built built && built.table().slots().length == 3);
    }

    @Test
    void oneThatSleepsIsWoken() throws Exception {
        AtomicBoolean woken = new AtomicBoolean();
        deploy("theirs", backends -> {
            woken.set(!sleep(60_000));
            return good(backends);
        });
        ask("web", "theirs", TWO);
        awaitWhy("longer than 600 ms", "web", "theirs", TWO);
        TestHost.await("its end", woken::get);
    }

    private static boolean sleep(long millis) {
        try {
            Thread.sleep(millis);
            return true;
        } catch (InterruptedException asked) {
            return false;
        }
    }

    @Test
    void theSameQuestionIsPutAgainAfterPausesThatGrow() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        deploy("theirs", backends -> {
            if (asked.incrementAndGet() < 4) {
                throw new IllegalStateException("number " + asked.get());
            }
            return good(backends);
        });
        long began = System.nanoTime();
        awaitWhy("number 1", "web", "theirs", TWO);
        TestHost.await("the table", () -> ask("web", "theirs", TWO) instanceof TableBuilds.Built);
        assertTrue(System.nanoTime() - began > Duration.ofMillis(50 + 100 + 200).toNanos(), "50, 100 and 200 ms");
        assertEquals(4, asked.get());
    }

    @Test
    void whatIsNotDeployedIsNotAsked() {
        assertFalse(builds.ask(List.of(new TableKey("web", Family.IPV4)), "none", TWO, 3).isPresent());
    }

    @Test
    void entriesOfTheGoneGoToTheOthersByWeight() {
        StandIn standIn = new StandIn(new int[] {4, 9}, new int[] {3, 1});
        int[] there = new int[1000];
        for (int i = 0; i < there.length; i++) {
            there[i] = i % 2 == 0 ? 4 : 7;
        }
        int[] next = standIn.of(there, 5).orElseThrow();
        int nines = 0;
        for (int i = 0; i < next.length; i++) {
            assertTrue(i % 2 == 1 || next[i] == 4, "who is there keeps what he has");
            nines += next[i] == 9 ? 1 : 0;
        }
        assertEquals(125, nines, 5, "a quarter of the 500 that were 7's");
        assertEquals(Optional.empty(), standIn.of(next, 5), "nothing is left to do");
    }

    @Test
    void aTableWithoutAnyBackendIsFilled() {
        StandIn standIn = new StandIn(new int[] {4, 9}, new int[] {1, 1});
        assertEquals(5, standIn.of(new int[0], 5).orElseThrow().length);
        assertFalse(java.util.Arrays.stream(standIn.of(new int[7], 5).orElseThrow()).anyMatch(number -> number == 0));
        StandIn nobody = new StandIn(new int[0], new int[0]);
        assertArrayEquals(new int[0], nobody.of(new int[] {4, 4}, 5).orElseThrow());
        assertEquals(Optional.empty(), nobody.of(new int[] {0, 0}, 5));
        assertEquals(Optional.empty(), nobody.of(new int[0], 5));
    }
}
