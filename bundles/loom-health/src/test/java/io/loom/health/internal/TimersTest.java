package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TimersTest {
    private final Timers timers = new Timers();
    private final List<String> done = new ArrayList<>();

    @Test
    void whatIsDueIsDoneInOrderAndOnceAndWhatIsCancelledNever() {
        timers.schedule(30, () -> done.add("c"));
        timers.schedule(10, () -> done.add("a"));
        timers.schedule(20, () -> done.add("b1"));
        Timers.Timer never = timers.schedule(15, () -> done.add("never"));
        timers.schedule(20, () -> done.add("b2"));
        never.cancel();
        never.cancel();
        timers.fire(9);
        assertEquals(List.of(), done);
        timers.fire(20);
        assertEquals(List.of("a", "b1", "b2"), done);
        timers.fire(20);
        timers.fire(40);
        assertEquals(List.of("a", "b1", "b2", "c"), done);
    }

    @Test
    void whatIsScheduledMeanwhileIsDoneToo() {
        timers.schedule(1, () -> timers.schedule(2, () -> done.add("then")));
        timers.fire(5);
        assertEquals(List.of("then"), done);
    }

    @Test
    void theNapEndsWhenSomethingIsDueAndNotBefore() {
        assertEquals(0, timers.napMillis(0), "for ever");
        Timers.Timer timer = timers.schedule(5_000_000, () -> {});
        assertEquals(5, timers.napMillis(0));
        assertEquals(5, timers.napMillis(1));
        assertEquals(4, timers.napMillis(1_000_000));
        assertEquals(1, timers.napMillis(4_999_999));
        assertEquals(1, timers.napMillis(90_000_000), "0 would be for ever");
        timer.cancel();
        assertEquals(0, timers.napMillis(0));
    }

    @Test
    void timesMayPassTheEndOfTheirRange() {
        timers.schedule(Long.MAX_VALUE - 5, () -> done.add("before"));
        timers.schedule(Long.MIN_VALUE + 5, () -> done.add("after"));
        timers.fire(Long.MAX_VALUE);
        assertEquals(List.of("before"), done);
        timers.fire(Long.MIN_VALUE + 5);
        assertEquals(List.of("before", "after"), done);
    }
}
