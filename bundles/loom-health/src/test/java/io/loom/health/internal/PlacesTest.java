package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.HealthCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacesTest {
    private static final HealthCheck CHECK = Rig.check(2_000, 1_000, 2, 3);

    private final Places places = new Places();
    private long numbers;

    private Watched watched(String upstream, long due) {
        Watched watched = new Watched(Rig.target(upstream, "10.0.0." + (numbers + 1)), CHECK, places.lane(upstream), numbers++, due);
        return watched;
    }

    private List<Watched> enter(String upstream, int count) {
        List<Watched> all = IntStream.range(0, count).mapToObj(i -> watched(upstream, i)).toList();
        all.forEach(places::enter);
        return all;
    }

    /** Whom places are given to, until none is free for those who wait. */
    private String given() {
        StringBuilder given = new StringBuilder();
        for (var next = places.next(); next.isPresent(); next = places.next()) {
            given.append(next.get().lane().upstream());
        }
        return given.toString();
    }

    @Test
    void upstreamsTakeTurnsAndAShareIsKeptForThoseThatDoNotWaitNow() {
        places.limit(10);
        places.populate(Map.of("a", 100, "b", 100), 0);
        List<Watched> a = enter("a", 8);
        assertEquals("aaaaa", given(), "five are b's");
        assertEquals(5, places.taken());
        enter("b", 8);
        assertEquals("bbbbb", given());
        places.release(a.get(0).lane());
        assertEquals("a", given());
        places.release(places.lane("b"));
        places.release(places.lane("a"));
        assertEquals("ba", given(), "equal: whose turn was longer ago");
    }

    @Test
    void whatASmallUpstreamDoesNotNeedIsForAll() {
        places.limit(10);
        places.populate(Map.of("a", 100, "b", 2), 0);
        enter("a", 20);
        assertEquals("aaaaaaaa", given());
        enter("b", 2);
        assertEquals("bb", given());
        assertEquals(10, places.taken());
        assertEquals("a", places.largest().orElseThrow().upstream());
    }

    @Test
    void whoeverHasFewestIsNextAndTheOneThatWasDueFirst() {
        places.limit(4);
        places.populate(Map.of("a", 100, "b", 100, "c", 100), 0);
        Watched late = watched("a", 5);
        Watched early = watched("a", 3);
        places.enter(late);
        places.enter(early);
        assertEquals(early, places.next().orElseThrow());
        enter("b", 3);
        enter("c", 3);
        assertEquals("bca", given());
    }

    @Test
    void fewerPlacesThanUpstreamsAreStillGivenOut() {
        places.limit(2);
        places.populate(Map.of("a", 5, "b", 5, "c", 5), 0);
        enter("c", 2);
        enter("b", 2);
        enter("a", 2);
        assertEquals("ab", given());
        places.release(places.lane("a"));
        assertEquals("c", given());
    }

    @Test
    void afterThereAreFewerNoneIsGivenUntilEnoughAreFree() {
        places.limit(6);
        places.populate(Map.of("a", 5, "b", 5), 0);
        enter("a", 5);
        assertEquals("aaa", given());
        enter("b", 5);
        assertEquals("bbb", given());
        places.limit(2);
        assertEquals("", given());
        for (int i = 0; i < 2; i++) {
            places.release(places.lane("a"));
            places.release(places.lane("b"));
        }
        assertEquals("", given());
        places.release(places.lane("b"));
        assertEquals("b", given());
        assertEquals(2, places.taken());
    }

    @Test
    void aNewUpstreamGetsItsShareWhenOneOfItIsFreeAndNotBefore() {
        places.limit(2);
        places.populate(Map.of("a", 5), 0);
        enter("a", 5);
        assertEquals("aa", given());
        places.populate(Map.of("a", 5, "b", 5), 0);
        enter("b", 5);
        assertEquals("", given());
        assertEquals(2, places.taken());
        places.release(places.lane("a"));
        assertEquals("b", given());
    }

    @Test
    void whoeverLeavesWaitsNoMore() {
        places.limit(1);
        places.populate(Map.of("a", 5, "b", 5), 0);
        List<Watched> a = enter("a", 2);
        List<Watched> b = enter("b", 1);
        places.leave(a.get(0));
        assertFalse(places.waits(a.get(0)));
        assertTrue(places.waits(a.get(1)));
        places.leave(a.get(1));
        places.leave(b.get(0));
        assertEquals("", given());
        places.populate(Map.of(), 0);
        assertEquals(0, places.lanes().size());
        assertTrue(places.largest().isEmpty());
    }

    @Test
    void halfOfTheDescriptorsArePlacesAndNoMoreThanThereCouldBeServers() {
        assertEquals(512, ((Descriptors) () -> 1_024L).places());
        assertEquals(1, ((Descriptors) () -> 1L).places());
        assertEquals(65_536, ((Descriptors) () -> 1_048_576L).places());
        assertEquals(65_536, ((Descriptors) () -> Long.MAX_VALUE).places());
        assertTrue(Descriptors.ofThisProcess().limit() >= 64);
    }

    @Test
    void theWorstDelayIsKeptForOneToTwoSpans() {
        Lateness lateness = new Lateness(0);
        long second = 1_000_000_000L;
        lateness.add(new Lateness.Delay(300_000_000L, Lateness.Cause.PLACES), 2 * second);
        lateness.add(new Lateness.Delay(200_000_000L, Lateness.Cause.THREAD), 2 * second);
        List<Long> worst = new ArrayList<>();
        for (int i = 0; i < 22; i++) {
            worst.add(lateness.worst(i * second).nanos());
        }
        assertEquals(20, worst.lastIndexOf(300_000_000L) + 1, worst::toString);
        assertEquals(0, worst.get(20));

        Lateness rare = new Lateness(0);
        rare.add(new Lateness.Delay(251_000_000L, Lateness.Cause.PLACES), 30 * second);
        assertTrue(rare.worst(69 * second).matters());
        rare.add(new Lateness.Delay(250_000_000L, Lateness.Cause.THREAD), 30 * second);
        assertTrue(rare.worst(69 * second + 59 * second).matters(), "two of its intervals");
        assertFalse(rare.worst(69 * second + 61 * second).matters(), "as much as may be");
        assertEquals(Lateness.Cause.THREAD, rare.worst(69 * second + 61 * second).cause());
    }

    @Test
    void thePaceLeavesAQuarterOfASecond() {
        History falling = new History(true, true, 1);
        assertEquals(Duration.ofMillis(1_875), Pace.next(CHECK, falling, false, 0));
        assertEquals(Duration.ofMillis(2_000), Pace.next(CHECK, new History(true, true, 0), false, 0));
        assertEquals(Duration.ofMillis(2_000), Pace.next(CHECK, new History(true, false, 1), false, 0), "one that rises");
        assertEquals(Duration.ofMillis(2_000), Pace.next(Rig.check(2_000, 750, 2, 3), falling, false, 0));
        assertEquals(Duration.ofMillis(2_000), Pace.next(Rig.check(2_000, 1_900, 2, 1), falling, false, 0));
        assertEquals(Duration.ofMillis(1_900), Pace.next(Rig.check(2_000, 1_900, 2, 2), falling, false, 0), "never before the last ends");
        assertEquals(Duration.ofMillis(750), Pace.next(Rig.check(1_000, 1_000, 2, 2), falling, false, 0).minusMillis(250));
        assertEquals(Duration.ofMillis(1_500), Pace.next(CHECK, falling, true, 0.5));
        assertEquals(Duration.ofMillis(1_000), Pace.next(CHECK, falling, true, 1));
        assertEquals(3_000, Pace.after(1_000, 1_500, Duration.ofNanos(2_000)));
        assertEquals(3_500, Pace.after(1_000, 2_500, Duration.ofNanos(2_000)));
    }
}
