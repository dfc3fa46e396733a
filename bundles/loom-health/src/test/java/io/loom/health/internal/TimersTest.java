package io.loom.health.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TimersTest {
    private final Timers timers = new Timers();
    private final List<String> done = new ArrayList<>();

    @Test
    void whatIsDueIsDoneInOrderAndOnceAndWhatIsCancelledNever() {
        timers.timer(() -> done.add("c")).set(30);
        timers.timer(() -> done.add("a")).set(10);
        timers.timer(() -> done.add("b1")).set(20);
        Timers.Timer never = timers.timer(() -> done.add("never"));
        never.set(15);
        timers.timer(() -> done.add("b2")).set(20);
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
        timers.timer(() -> timers.timer(() -> done.add("then")).set(2)).set(1);
        timers.fire(5);
        assertEquals(List.of("then"), done);
    }

    @Test
    void theNapEndsWhenSomethingIsDueAndNotBefore() {
        assertEquals(0, timers.napMillis(0), "for ever");
        Timers.Timer timer = timers.timer(() -> {});
        timer.set(5_000_000);
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
        timers.timer(() -> done.add("before")).set(Long.MAX_VALUE - 5);
        timers.timer(() -> done.add("after")).set(Long.MIN_VALUE + 5);
        timers.fire(Long.MAX_VALUE);
        assertEquals(List.of("before"), done);
        timers.fire(Long.MIN_VALUE + 5);
        assertEquals(List.of("before", "after"), done);
    }

    @Test
    void whatIsSetAgainIsDoneThenAndNotBefore() {
        Timers.Timer moved = timers.timer(() -> done.add("moved"));
        moved.set(10);
        timers.timer(() -> done.add("other")).set(20);
        moved.set(20);
        timers.fire(15);
        assertEquals(List.of(), done);
        timers.fire(20);
        assertEquals(List.of("other", "moved"), done, "of two for one time the earlier set is first");
        moved.set(30);
        moved.set(25);
        timers.fire(25);
        assertEquals(List.of("other", "moved", "moved"), done);
        assertEquals(0, timers.napMillis(25), "nothing is left of the times that it had");
    }

    @Test
    void manyThatAreSetMovedAndCancelledAtRandomAreDoneInOrder() {
        Random random = new Random(1);
        long[] times = new long[500];
        List<Integer> order = new ArrayList<>();
        List<Timers.Timer> all = new ArrayList<>();
        for (int i = 0; i < times.length; i++) {
            int which = i;
            all.add(timers.timer(() -> order.add(which)));
        }
        for (int i = 0; i < 20 * times.length; i++) {
            int which = random.nextInt(times.length);
            // Each time is another one's never.
            times[which] = random.nextInt(4) == 0 ? 0 : random.nextInt(1_000) * 500L + which + 1;
            if (times[which] == 0) {
                all.get(which).cancel();
            } else {
                all.get(which).set(times[which]);
            }
        }
        timers.fire(250_000);
        timers.fire(1_000_000);
        assertEquals(IntStream.range(0, times.length).filter(i -> times[i] > 0).boxed()
                .sorted(Comparator.comparingLong(i -> times[i])).toList(), order);
    }
}
